// SPDX-License-Identifier: EUPL-1.2
// The keys of the PIN pad, and a page that notices by itself when a card or a question comes or goes.
'use strict';

const keys = document.querySelector('.keys');
const pin = document.getElementById('pin');

if (keys) {
  keys.hidden = false;
  keys.addEventListener('click', (event) => {
    const key = event.target.closest('button');
    if (!key) return;
    pin.value = key.dataset.erase ? '' : pin.value + key.dataset.digit;
  });
  if (!document.getElementById('error-summary')) pin.focus();
}

const state = document.getElementById('state');

// A form on its way brings a new page by itself; a reload now would cut it off.
let leaving = false;
document.addEventListener('submit', () => { leaving = true; });

async function follow() {
  for (;;) {
    try {
      const answer = await fetch(`/events?after=${state.dataset.events}`);
      const now = await answer.json();
      const otherQuestion = (now.asked || '') !== state.dataset.asked;
      if (leaving) return;
      const typing = pin && pin.value !== '';
      if (otherQuestion || (String(now.number) !== state.dataset.events && !typing)) {
        location.replace(location.pathname);
        return;
      }
      state.dataset.events = String(now.number);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

if (state) follow();
