// SPDX-License-Identifier: EUPL-1.2
// Progressive enhancement only: every page works without this file.
'use strict';

// A form sent twice by a double click: the second within two seconds is dropped.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < 2000) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = String(Date.now());
});

// A button that copies code appears only where it can work.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll('[data-copy]')) {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener('click', async () => {
      const source = document.getElementById(button.dataset.copy);
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 3000);
    });
  }
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
