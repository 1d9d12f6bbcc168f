// SPDX-License-Identifier: EUPL-1.2
// Signing through SCS from a page: finds the card reader program, waits for a card, asks for the signature and
// sends the answer as an ordinary form. No inline code; the page's Content-Security-Policy must list the
// addresses in connect-src. They are tried in the order given, https and http alike: programs on computers and
// on Android answer at different ones, and some serve version 1.1 alone. The page says all in its own language:
//
//   <form data-scs data-scs-addresses="https://127.0.0.1:53952 http://127.0.0.1:53951 …"
//         data-scs-content="<base64>" data-scs-usage="digitalSignature" method="post" action="…">
//     <input type="hidden" name="answer">
//     <p role="status" data-scs-message></p>
//     <button type="submit" hidden>…</button>
//     <script type="application/json" data-scs-texts>{"no_program": "…", "no_card": "…", …}</script>
//   </form>
//
// Optional: data-scs-hash (SHA256, SHA384, SHA512), data-scs-content-type (data, digest).
// Texts: searching, permission, blocked, no_program, no_card, ready, asking, and one for each problem (cancelled,
// pin_locked, not_activated, wrong_origin, no_certificate, card_removed, busy, other). The form's data-scs-state
// holds the same word for style sheets and tests.
'use strict';

const SCS_POLL = 1500;
// How long an address is waited for before the next one is asked too, and before it is given up; a browser that
// asks the person first may take its time.
const SCS_HEAD_START = 300;
const SCS_TIMEOUT = 3000;
const SCS_TIMEOUT_ASKING = 60000;
// Problems that are over once a card is there again.
const SCS_PASSING = ['no_program', 'blocked', 'no_card', 'card_removed'];
// What browsers call the right of a page to speak with programs of the same computer; names change with versions.
const SCS_PERMISSIONS = ['loopback-network', 'local-network-access'];
// A request that waits this long is waiting for the person's answer to the browser's question, if there is one.
const SCS_PATIENCE = 800;

const scsPause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

class ScsForm {
  constructor(form) {
    this.form = form;
    this.addresses = form.dataset.scsAddresses.split(' ');
    this.texts = JSON.parse(form.querySelector('[data-scs-texts]').textContent);
    this.message = form.querySelector('[data-scs-message]');
    this.button = form.querySelector('[type="submit"]');
    this.address = null;
    this.served = '1.2';
    this.busy = false;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (!this.busy) this.sign();
    });
    this.say('searching');
    this.watch();
  }

  say(state) {
    this.form.dataset.scsState = state;
    const text = this.texts[state] || this.texts.other || '';
    // Written only when it changes: screen readers announce the status each time.
    if (this.message.textContent !== text) this.message.textContent = text;
  }

  // Looks for the program and a card again and again, until the page is left; quiet while a PIN is asked.
  async watch() {
    for (;;) {
      if (!this.busy && !document.hidden) {
        const question = setTimeout(() => this.sayQuestion(), SCS_PATIENCE);
        const version = await this.version();
        clearTimeout(question);
        const absent = version || (await this.permission()) !== 'denied' ? 'no_program' : 'blocked';
        if (!this.busy) this.show(version, absent);
      }
      await scsPause(SCS_POLL);
    }
  }

  show(version, absent) {
    const cardIsThere = Boolean(version && version.hashAlgorithms);
    this.button.hidden = !cardIsThere;
    // A refusal stays to be read while its cause lasts; otherwise what is missing now is said.
    const refused = this.refusal && cardIsThere && !SCS_PASSING.includes(this.refusal);
    if (!refused) {
      this.refusal = null;
      this.say(version ? (cardIsThere ? 'ready' : 'no_card') : absent);
    }
  }

  // The browser's permission for this page: granted, prompt or denied; empty where it knows none.
  async permission() {
    for (const name of SCS_PERMISSIONS) {
      const permission = await navigator.permissions?.query({ name }).catch(() => null);
      if (permission) return permission.state;
    }
    return '';
  }

  async sayQuestion() {
    const asks = (await this.permission()) === 'prompt';
    if (asks && !this.busy && this.form.dataset.scsState === 'searching') this.say('permission');
  }

  // The program's own description, or null. The addresses are asked in their order, first the one that answered
  // before, until one has a card: two programs may run. One where something listens and says nothing does not
  // hold up the rest.
  async version() {
    const looks = [];
    const answers = [];
    const withCard = () => answers.find(({ version }) => version.hashAlgorithms);
    for (const address of new Set([this.address ?? this.addresses[0], ...this.addresses])) {
      const look = this.look(address).then((found) => answers.push(found));
      looks.push(look);
      await Promise.race([look.catch(() => null), scsPause(SCS_HEAD_START)]);
      if (withCard()) break;
    }
    if (!answers.length) await Promise.any(looks).catch(() => null);
    const found = withCard() ?? answers[0] ?? null;
    this.address = found && found.address;
    // Requests are of the version that is served there: older programs turn a newer one away.
    if (found) this.served = found.version.version;
    return found && found.version;
  }

  // What answers at an address; rejected when nobody is there, or somebody who speaks another language.
  async look(address) {
    const patience = (await this.permission()) === 'prompt' ? SCS_TIMEOUT_ASKING : SCS_TIMEOUT;
    const signal = AbortSignal.timeout(patience);
    const answer = await fetch(`${address}/version`, { cache: 'no-store', signal });
    const version = await answer.json();
    for (const name of ['version', 'hashAlgorithms']) {
      if (typeof version[name] !== 'string') throw new TypeError('not SCS');
    }
    return { address, version };
  }

  async sign() {
    this.busy = true;
    this.refusal = null;
    this.button.disabled = true;
    this.say('asking');
    const answer = await this.ask();
    if (answer.status === 'ok') {
      this.form.elements.answer.value = JSON.stringify(answer);
      this.form.submit();
      return;
    }
    this.refusal = answer.problem in this.texts ? answer.problem : ScsForm.problem(answer.reasonCode);
    this.say(this.refusal);
    this.button.disabled = false;
    this.busy = false;
  }

  async ask() {
    const data = this.form.dataset;
    const request = {
      version: this.served,
      selector: { keyusages: [data.scsUsage] },
      content: data.scsContent,
      contentType: data.scsContentType || 'data',
      hashAlgorithm: data.scsHash || 'SHA256',
      signatureType: 'signature',
    };
    try {
      const answer = await fetch(`${this.address}/sign`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(request),
      });
      return await answer.json();
    } catch {
      return { status: 'failed', problem: 'no_program' };
    }
  }

  // Programs of others give only a code.
  static problem(reasonCode) {
    return { 401: 'cancelled', 403: 'wrong_origin', 404: 'no_card' }[reasonCode] || 'other';
  }
}

for (const form of document.querySelectorAll('form[data-scs]')) new ScsForm(form);
