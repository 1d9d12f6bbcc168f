// SPDX-License-Identifier: EUPL-1.2
// What its issuer says of each certificate now: asked once the page is there, which waits for no network.
'use strict';

const SIGNS = { good: '✓ ', bad: '✕ ' };

async function tell(address, places) {
  try {
    const answer = await fetch(address);
    const statuses = await answer.json();
    for (const place of places) {
      const { kind, words } = statuses[place.dataset.use];
      place.className = `now ${kind}`;
      place.textContent = (SIGNS[kind] || '') + words;
    }
  } catch {
    places.forEach((place) => { place.hidden = true; });
  }
}

const byAddress = new Map();
for (const place of document.querySelectorAll('[data-statuses]')) {
  place.hidden = false;
  const address = place.dataset.statuses;
  byAddress.set(address, [...(byAddress.get(address) || []), place]);
}
byAddress.forEach((places, address) => tell(address, places));
