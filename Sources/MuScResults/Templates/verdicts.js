// Verdicts: what people find of the images. Kept in the browser until they are saved as a file that musc takes in, or,
// where `musc serve` serves the page, written at once.

const verdicts = (() => {
  const words = { good: 'Good', defect: 'Defect', unsure: 'Unsure' }, keyOf = { g: 'good', d: 'defect', u: 'unsure' };
  const { batch, spotChecks, flaggedSpotChecks, said, marks, known } = page.verdicts;
  const server = document.querySelector('meta[name="musc-serve"]')?.content;
  const place = `musc-verdicts ${batch}`, person = 'musc-verdicts-by';
  const drawnUnflagged = new Set(spotChecks), drawnFlagged = new Set(flaggedSpotChecks), drawn = new Set([...spotChecks, ...flaggedSpotChecks]);
  // Spot checks are drawn once; what was flagged then stays to be looked at, wherever the line is moved.
  // Without a threshold the three highest scores are the ones to look at.
  const asked = scored.filter((image) => Number.isFinite(page.threshold) ? image.score >= page.threshold || drawn.has(image.i) : image.i < 3);
  let unsaved = read(place) ?? {};

  function read(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } }
  function keep(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; } }

  const verdict = (image) => unsaved[image.name]?.verdict ?? said[image.name] ?? null;
  const origin = (image) => drawnUnflagged.has(image.i) ? 'spot check' : drawnFlagged.has(image.i) ? 'flagged spot check' : image.score >= page.threshold || image.i < page.lookEnd ? 'top' : 'hand';

  async function say(image, word) {
    if (!image?.scored || image.name === undefined) return;
    const row = { verdict: word, origin: origin(image), note: $('verdict-note').value.trim(), by: $('verdict-by').value.trim(), at: `${new Date().toISOString().slice(0, 19)}Z` };
    if (!viewer.isOpen()) row.note = '';
    if (server) {
      try {
        const answer = await fetch('verdict', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Musc-Token': server }, body: JSON.stringify({ image: image.name, ...row }) });
        if (!answer.ok) throw new Error(await answer.text());
        said[image.name] = word;
        tell(`${image.name}: ${words[word].toLowerCase()}, saved.${outlook(image)}`);
      } catch (error) {
        unsaved[image.name] = row;
        keep(place, unsaved);
        tell(`Not saved, and kept in this browser: ${error.message}`);
      }
    } else {
      unsaved[image.name] = row;
      tell(keep(place, unsaved) ? outlook(image).trim() : 'This browser keeps nothing: save before you close the page.');
    }
    mark();
  }

  /// How many more good parts make the mark of a flagged one known; the program says it in the same words.
  function outlook(image) {
    if (!marks || verdict(image) !== 'good' || !(image.score >= page.threshold)) return '';
    const mark = marks.find(([members]) => members.includes(image.i));
    const more = known - (mark ? mark[1] + mark[0].filter((i) => verdict(images[i]) === 'good').length : 1);
    if (more <= 0) return ` ${known} parts with its mark were found good: it is known from the next batch on.`;
    const text = `${more === 1 ? 'one' : 'two'} more like this and it is known.`;
    // Of a mark that it has alone nobody knows how many were found good before.
    return mark ? ` ${text[0].toUpperCase()}${text.slice(1)}` : ` At most ${text}`;
  }

  function tell(text) { $('verdict-state').textContent = text; }

  // Marks

  // Cards get their buttons when they come near sight, copies of these, whose clicks are heard in one place: a page of a
  // thousand images is to open at once.
  const buttons = make('span', 'verdict-buttons');
  buttons.setAttribute('role', 'group');
  buttons.setAttribute('aria-label', 'Verdict');
  for (const [word, text] of Object.entries(words)) {
    const button = make('button', word, text);
    button.type = 'button';
    button.title = `${text} (${word[0]})`;
    button.dataset.verdict = word;
    button.setAttribute('aria-pressed', 'false');
    buttons.append(button);
  }
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-verdict]');
    if (!button) return;
    const card = button.closest('[data-card]');
    say(card ? images[+card.dataset.card] : viewer.current(), button.dataset.verdict);
  });

  function press(element, image) {
    const word = image && verdict(image);
    for (const button of element.querySelectorAll('[data-verdict]')) button.setAttribute('aria-pressed', String(word === button.dataset.verdict));
  }

  const hasButtons = (card) => card.lastChild.className === 'verdict-buttons';
  const nearSight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      nearSight.unobserve(target);
      if (!hasButtons(target)) target.append(buttons.cloneNode(true));
      press(target, images[+target.dataset.card]);
    }
  }, { rootMargin: '600px' });

  function markCard(card) {
    const image = images[+card.dataset.card];
    if (!image?.scored) return;
    if (drawn.has(image.i)) card.classList.add('to-check');
    if (hasButtons(card)) press(card, image); else nearSight.observe(card);
  }

  function mark() {
    for (const card of document.querySelectorAll('#grid > .card')) markCard(card);
    press($('viewer-verdict'), viewer.current());
    const done = asked.filter((image) => verdict(image)).length, open = Object.keys(unsaved).length;
    $('verdict-progress').textContent = asked.length ? `${done} of ${asked.length} checked` : 'Nothing to check';
    $('verdict-next').hidden = done === asked.length;
    $('verdict-save').disabled = !open;
    $('verdict-save').textContent = open ? `Save ${open} verdict${open === 1 ? '' : 's'}` : 'Save verdicts';
  }

  // The file

  /// A cell that no spreadsheet runs, quoted where it must be.
  function cell(text) {
    const inert = text.replace(/(^|[;\t\r\n])(?=[=+\-@\t\r\n])/g, "$1'");
    return /[",;\r\n\t]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
  }

  function csv() {
    const rows = Object.entries(unsaved).map(([image, row]) => [image, '', row.verdict, row.origin, row.note, row.by, row.at, batch]);
    return [['image', 'content', 'verdict', 'origin', 'note', 'by', 'at', 'batch'], ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
  }

  async function save() {
    const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
    const name = `verdicts-${batch.split('/').pop().replace(/[^\w.-]+/g, '_') || 'batch'}-${stamp}.csv`;
    // Under a name of its own, since to choose a file that is there would empty it.
    if (window.showSaveFilePicker) {
      try {
        const handle = await window.showSaveFilePicker({ suggestedName: name, types: [{ description: 'Verdicts', accept: { 'text/csv': ['.csv'] } }] });
        const file = await handle.createWritable();
        await file.write(csv());
        await file.close();
        return saved(handle.name);
      } catch (error) {
        if (error.name === 'AbortError') return;
      }
    }
    const link = make('a');
    link.href = URL.createObjectURL(new Blob([csv()], { type: 'text/csv' }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    saved(name);
  }

  function saved(name) {
    for (const [image, row] of Object.entries(unsaved)) said[image] = row.verdict;
    // They stay in this browser, so that the page shows them until it is made anew.
    keep(`${place} saved`, said);
    unsaved = {};
    keep(place, unsaved);
    tell(`Saved as ${name}. Put it into the batch's folder or the drop folder: musc takes it in with the next batch.`);
    mark();
  }

  // Begin

  Object.assign(said, read(`${place} saved`) ?? {});
  $('verdict-by').value = read(person) ?? '';
  $('verdict-by').addEventListener('change', () => keep(person, $('verdict-by').value.trim()));
  $('verdict-save').addEventListener('click', save);
  $('verdict-next').addEventListener('click', () => viewer.open(asked.find((image) => !verdict(image)), $('verdict-next')));
  $('viewer-verdict').prepend(buttons.cloneNode(true));
  new MutationObserver(() => { for (const card of $('grid').children) markCard(card); }).observe($('grid'), { childList: true });
  new MutationObserver(() => { $('verdict-note').value = unsaved[$('viewer-name').textContent]?.note ?? ''; press($('viewer-verdict'), viewer.current()); }).observe($('viewer-name'), { childList: true });
  document.addEventListener('keydown', (event) => {
    const word = keyOf[event.key];
    if (!word || event.ctrlKey || event.metaKey || event.altKey || $('keys').open || event.target.matches('input:not([type="radio"], [type="checkbox"], [type="range"]), select, textarea')) return;
    const card = event.target.closest('[data-card]'), image = viewer.isOpen() ? viewer.current() : card && images[+card.dataset.card];
    if (!image) return;
    event.preventDefault();
    say(image, word);
  });
  if (server) {
    $('verdict-save').hidden = true;
    fetch('verdicts.json').then((answer) => answer.json()).then((all) => { Object.assign(said, all); mark(); }, () => tell('The server does not answer.'));
  }
  mark();
  return { say, verdict };
})();
