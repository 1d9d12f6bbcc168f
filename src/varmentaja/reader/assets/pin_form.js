// SPDX-License-Identifier: EUPL-1.2
// Says while a PIN is typed whether it will do. A slip is not sent, so that all that was typed stays where it is.
// The rules and the words are the server's (forms.py), which looks again.
'use strict';

const form = document.querySelector('form[data-words]');
const words = JSON.parse(form.dataset.words);
const easySteps = form.dataset.easySteps.split(' ').map(Number);
const inputs = [...form.querySelectorAll('input[type=password]')];

function isEasy(pin) {
  const steps = new Set([...pin].slice(1).map((digit, at) => digit - pin[at]));
  return steps.size === 0 || (steps.size === 1 && easySteps.includes([...steps][0]));
}

function problem(pin, rules) {
  if (!/^[0-9]+$/.test(pin)) return words.digits;
  if (pin.length < rules.min || pin.length > rules.max) return rules.lengthWords;
  return isEasy(pin) ? words.easy : null;
}

// Whether an entry will do, and why not; null where there is nothing to say yet.
function judge(input, isWhole) {
  const { value, dataset } = input;
  if (dataset.repeats) {
    const wanted = document.getElementById(dataset.repeats).value;
    if (value && value === wanted) return [true, words.same];
    return !isWhole && wanted.startsWith(value) ? null : [false, words.different];
  }
  if (!dataset.min || (!isWhole && value.length < dataset.min)) return null;
  const found = problem(value, dataset);
  return found ? [false, found] : [true, words.good];
}

function tell(input, verdict) {
  const place = document.getElementById(`${input.id}-verdict`);
  if (!place) return;
  const [isGood, said] = verdict || [true, ''];
  place.className = `verdict ${isGood ? 'good' : 'bad'}`;
  place.textContent = said && `${isGood ? '✓' : '✕'} ${said}`;
  if (isGood) input.removeAttribute('aria-invalid');
  else input.setAttribute('aria-invalid', 'true');
}

form.addEventListener('input', () => inputs.forEach((input) => tell(input, judge(input, false))));

form.addEventListener('submit', (event) => {
  const slips = inputs.filter((input) => (judge(input, true) || [true])[0] === false);
  if (!slips.length) return;
  event.preventDefault();
  event.stopPropagation();
  slips.forEach((input) => tell(input, judge(input, true)));
  slips[0].focus();
});
