// The page's data and the list of images: threshold, filter, order, grid and table, colours, keyboard.
// Without this script the page shows the same in the order of the scores.

const page = JSON.parse(document.getElementById('data').textContent);
// JSON has no infinity; without a threshold nothing is flagged.
page.threshold ??= Infinity;
const $ = (id) => document.getElementById(id);
const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};
document.documentElement.classList.remove('no-script');

// One object an image, most anomalous first; images without a score follow, and have an error instead.
const columnsOfRow = ['name', 'score', 'msm', 'p', 'width', 'height', 'peak', 'low', 'high', 'map', 'overlay', 'thumbnail', 'photograph', 'time', 'near', 'crop', 'regions'];
const taken = (image, row, columns) => { columns.forEach((column, k) => { image[column] = row[k]; }); return image; };
const images = page.images.map((row, i) => taken({ i, scored: true }, row, columnsOfRow));
// Of a large batch the page holds the first images, and of the others the score alone; the rest lies beside it.
const large = page.pages;
if (large) {
  const bytes = Uint8Array.from(atob(large.scores), (c) => c.charCodeAt(0)), scores = new Float32Array(bytes.buffer);
  for (let i = images.length; i < scores.length; i++) images.push({ i, score: scores[i], scored: true });
}
const scored = images.slice();
page.errors.forEach((row, j) => images.push({ i: scored.length + j, name: row[0], error: row[1], time: row[2], scored: false }));
const byName = new Map(images.filter((image) => image.name !== undefined).map((image) => [image.name, image]));
const cards = [];
for (const card of document.querySelectorAll('#grid > .card')) cards[+card.dataset.card] = card;
const stripItems = [...document.querySelectorAll('.strip > li')];
const digits = (value) => value.toFixed(page.decimals);

// Files beside the page: scripts, because a page that is opened from disk may load nothing else.

const files = {}, nonce = document.currentScript.nonce;
function file(name) {
  return files[name] ??= new Promise((resolve, reject) => {
    const script = make('script');
    script.nonce = nonce;
    script.src = `pages/${name}.js`;
    script.addEventListener('load', resolve);
    script.addEventListener('error', () => { delete files[name]; script.remove(); reject(new Error(`pages/${name}.js, which belongs beside this page, cannot be read.`)); });
    document.head.append(script);
  }).catch((error) => { $('page-fault').textContent = error.message; throw error; });
}
window.muscPage = (first, rows) => rows.forEach((row, k) => { byName.set(row[0], taken(images[first + k], row, columnsOfRow)); });
window.muscTable = (first, rows) => rows.forEach((row, k) => { byName.set(row[0], taken(images[first + k], row, ['name', 'msm', 'p', 'width', 'height', 'peak', 'time', 'thumbnail'])); });

/// All of an image: its map, its pictures and its like.
const isWhole = (image) => !image.scored || image.map !== undefined;
const whole = (image) => file(`page-${Math.floor(image.i / large.size) + 1}`);
/// What the table and the search want to know of every image.
let hasTable = !large;
const wholeTable = () => Promise.all(Array.from({ length: large.tables }, (_, k) => file(`table-${k + 1}`))).then(() => { hasTable = true; });

// Colours

const state = { threshold: page.threshold, colormap: page.colormap, normalisation: page.normalisation, heat: true, view: 'grid', order: 'score', show: 'all', text: '' };
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const tables = {};
const table = (name) => tables[name] ??= bytes(page.colormaps[name]);

/// The patch scores of an image, `[height, width]` row by row.
function patchScores(image) {
  if (!image.values) {
    const steps = bytes(image.map);
    image.values = Float32Array.from(steps, (step) => image.low + step / 255 * (image.high - image.low));
  }
  return image.values;
}

/// For each patch whether it counted; null where all did.
const region = page.region && bytes(page.region);

const colourRange = (image) => state.normalisation === 'image' && image ? [image.low, image.high] : page.range;

/// The patch scores at another size, bilinear, corner on corner.
function stretched(image, width, height) {
  const values = patchScores(image), [columns, rows] = page.grid, result = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const v = height > 1 ? y * (rows - 1) / (height - 1) : 0, r = Math.min(Math.floor(v), Math.max(rows - 2, 0)), b = v - r;
    const next = Math.min(r + 1, rows - 1);
    for (let x = 0; x < width; x++) {
      const u = width > 1 ? x * (columns - 1) / (width - 1) : 0, c = Math.min(Math.floor(u), Math.max(columns - 2, 0)), a = u - c;
      const d = Math.min(c + 1, columns - 1);
      const top = values[r * columns + c] * (1 - a) + values[r * columns + d] * a;
      const bottom = values[next * columns + c] * (1 - a) + values[next * columns + d] * a;
      result[y * width + x] = top * (1 - b) + bottom * b;
    }
  }
  return result;
}

/// Draws an image's heat map; `strength` 1 gives the overlays' own opacity.
function drawHeat(canvas, image, longest, strength) {
  const scale = longest / Math.max(image.width, image.height);
  const width = canvas.width = Math.max(2, Math.round(image.width * scale)), height = canvas.height = Math.max(2, Math.round(image.height * scale));
  const values = stretched(image, width, height), colours = table(state.colormap), [low, high] = colourRange(image);
  const pixels = new ImageData(width, height), scaling = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < values.length; i++) {
    const step = Math.min(Math.max(Math.round((values[i] - low) * scaling), 0), 255);
    pixels.data[4 * i] = colours[3 * step];
    pixels.data[4 * i + 1] = colours[3 * step + 1];
    pixels.data[4 * i + 2] = colours[3 * step + 2];
    if (region && !region[Math.floor(Math.floor(i / width) * page.grid[1] / height) * page.grid[0] + Math.floor(i % width * page.grid[0] / width)]) {
      pixels.data.set([128, 128, 128, 255 * Math.min(0.75 * strength, 1)], 4 * i);
      continue;
    }
    pixels.data[4 * i + 3] = 255 * (page.opacity[0] + page.opacity[1] * (step / 255) ** 2) * strength;
  }
  canvas.getContext('2d').putImageData(pixels, 0, 0);
}

function drawRamp(canvas) {
  const colours = table(state.colormap), pixels = new ImageData(256, 1);
  for (let i = 0; i < 256; i++) pixels.data.set([colours[3 * i], colours[3 * i + 1], colours[3 * i + 2], 255], 4 * i);
  canvas.getContext('2d').putImageData(pixels, 0, 0);
}

// Thumbnails hold the heat map as it was written; they are drawn anew only when other colours are asked for,
// and then only those in sight.
const asWritten = () => state.colormap === page.colormap && state.normalisation === page.normalisation;
const inSight = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) { inSight.unobserve(entry.target); drawThumbnail(entry.target); }
}, { rootMargin: '300px' });

function drawThumbnail(picture) {
  const image = images[+picture.closest('[data-card]').dataset.card];
  if (!isWhole(image)) { whole(image).then(() => drawThumbnail(picture), () => {}); return; }
  let canvas = picture.querySelector('canvas');
  if (!canvas) picture.append(canvas = make('canvas'));
  drawHeat(canvas, image, 128, 1);
}

function colour() {
  const drawn = state.heat && !asWritten();
  document.body.classList.toggle('plain', !state.heat);
  document.body.classList.toggle('drawn', drawn);
  inSight.disconnect();
  for (const picture of document.querySelectorAll('[data-card] .pic')) {
    if (drawn) inSight.observe(picture); else picture.querySelector('canvas')?.remove();
  }
  for (const select of document.querySelectorAll('.colormap')) select.value = state.colormap;
  for (const select of document.querySelectorAll('.normalisation')) select.value = state.normalisation;
  const single = state.normalisation === 'image';
  const bar = document.querySelector('.colours');
  bar.querySelector('.bar-low').textContent = single ? 'lowest' : digits(page.range[0]);
  bar.querySelector('.bar-high').textContent = single ? 'highest' : digits(page.range[1]);
  bar.querySelector('.bar-text').textContent = single ? 'patch scores of each image by itself: colours cannot be compared between images' : 'patch scores, one scale for the whole batch';
  bar.querySelector('svg').style.display = 'none';
  $('ramp').hidden = false;
  drawRamp($('ramp'));
  viewer.colour();
}
for (const select of document.querySelectorAll('.colormap')) select.addEventListener('change', () => { state.colormap = select.value; colour(); });
for (const select of document.querySelectorAll('.normalisation')) select.addEventListener('change', () => { state.normalisation = select.value; colour(); });
$('heat').addEventListener('change', () => { state.heat = $('heat').checked; colour(); });

// Threshold

const flagged = (image) => image.scored && image.score >= state.threshold;
const flaggedCount = () => { let low = 0, high = scored.length; while (low < high) { const middle = (low + high) >> 1; if (scored[middle].score >= state.threshold) low = middle + 1; else high = middle; } return low; };
let shownCount = flaggedCount();

const csvCell = (text) => { const inert = /^[=+\-@\t\r]/.test(text) ? "'" + text : text; return /[",\r\n]/.test(inert) ? '"' + inert.replaceAll('"', '""') + '"' : inert; };
function writeList() {
  const count = flaggedCount();
  if (scored.slice(0, count).some((image) => image.name === undefined)) { wholeTable().then(writeList, () => {}); return; }
  const rows = scored.slice(0, count).map((image, i) => [i + 1, csvCell(image.name), image.score, ...(image.peak ?? ['', ''])].join(','));
  $('csv').value = ['rank,image,score,peak_x,peak_y', ...rows].join('\n') + '\n';
}

/// What the page says at its top, as the page's writer in Swift says it.
function answer(count) {
  const total = scored.length, noun = total === 1 ? 'image' : 'images';
  if (count === 0) return `None of ${total} ${noun} is suspect`;
  return `${count} of ${total} ${noun} ${count === 1 ? 'is' : 'are'} suspect`;
}

function setThreshold(value) {
  const moved = Number.isFinite(value) ? value : Infinity;
  if (moved === state.threshold) return;
  state.threshold = moved;
  const count = flaggedCount();
  for (let i = Math.min(count, shownCount); i < Math.max(count, shownCount); i++) cards[i]?.classList.toggle('flagged', i < count);
  shownCount = count;
  for (const item of stripItems) item.classList.toggle('flagged', +item.dataset.card < count);
  showThreshold(count);
  if (state.show !== 'all') list();
  else if (state.view === 'table') markTable();
  viewer.threshold();
}

function thresholdText() { return Number.isFinite(state.threshold) ? digits(state.threshold) : 'none'; }

function showThreshold(count) {
  const position = Math.min(Math.max((page.plot.high - state.threshold) / (page.plot.high - page.plot.low), 0), 1), top = position * page.plot.height;
  $('threshold-handle').style.top = `${position * 100}%`;
  $('threshold-line').setAttribute('transform', `translate(0 ${top})`);
  $('above-rect').setAttribute('height', Math.max(top + 10, 0));
  $('threshold-label').textContent = `${thresholdText()} · ${count} suspect`;
  const handle = $('threshold-handle');
  handle.setAttribute('aria-valuenow', Number.isFinite(state.threshold) ? state.threshold : page.plot.high);
  handle.setAttribute('aria-valuetext', `${thresholdText()}, ${count} of ${scored.length} images suspect`);
  if (document.activeElement !== $('threshold-number')) $('threshold-number').value = Number.isFinite(state.threshold) ? digits(state.threshold) : '';
  $('threshold-reset').disabled = state.threshold === page.threshold;
  $('keep-threshold').textContent = thresholdText();
  $('answer').textContent = answer(count);
  const chips = scored.slice(0, Math.min(count, page.chips)).map((image) => {
    const link = make('a', '', image.name);
    link.href = `#image=${encodeURIComponent(image.name)}`;
    link.dataset.open = image.i;
    return link;
  });
  if (count > page.chips) { const more = make('a', '', `and ${count - page.chips} more`); more.href = '#images'; chips.push(more); }
  $('suspects').replaceChildren(...chips);
  if ($('list').open) writeList();
}

if (scored.length) {
  const canvas = $('plot-canvas'), handle = $('threshold-handle');
  const step = (page.plot.high - page.plot.low) / 200;
  const scoreAt = (clientY) => { const box = canvas.getBoundingClientRect(); return page.plot.high - Math.min(Math.max((clientY - box.top) / box.height, 0), 1) * (page.plot.high - page.plot.low); };
  handle.setAttribute('role', 'slider');
  handle.setAttribute('tabindex', '0');
  handle.setAttribute('aria-label', 'Threshold');
  handle.setAttribute('aria-orientation', 'vertical');
  handle.setAttribute('aria-valuemin', page.plot.low);
  handle.setAttribute('aria-valuemax', page.plot.high);
  let pending = null;
  handle.addEventListener('pointerdown', (event) => { handle.setPointerCapture(event.pointerId); handle.focus({ preventScroll: true }); event.preventDefault(); });
  handle.addEventListener('pointermove', (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const first = pending === null;
    pending = scoreAt(event.clientY);
    if (first) requestAnimationFrame(() => { const value = pending; pending = null; setThreshold(value); });
  });
  handle.addEventListener('keydown', (event) => {
    const base = Number.isFinite(state.threshold) ? state.threshold : page.plot.high;
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (steps) setThreshold(Math.min(Math.max(base + steps * step, page.plot.low), page.plot.high));
    else if (event.key === 'Home') setThreshold(page.plot.low);
    else if (event.key === 'End') setThreshold(page.plot.high);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  $('threshold-number').addEventListener('input', (event) => { const value = parseFloat(event.target.value); if (Number.isFinite(value)) setThreshold(value); });
  $('threshold-reset').addEventListener('click', () => setThreshold(page.threshold));

  // The dots: the name under the pointer, a click opens the image.
  const at = (event) => {
    const box = canvas.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * page.plot.width;
    return x <= page.plot.sortedEnd ? scored[Math.min(Math.floor(x / page.plot.sortedEnd * scored.length), scored.length - 1)] : undefined;
  };
  canvas.addEventListener('pointermove', (event) => {
    const image = handle.hasPointerCapture(event.pointerId) || event.target.closest('.handle') ? undefined : at(event);
    $('plot-tip').hidden = !image;
    if (!image) return;
    $('plot-tip').textContent = `${image.name ?? `rank ${image.i + 1}`} · ${digits(image.score)}`;
    $('plot-tip').style.left = `${(image.i + 0.5) / scored.length * page.plot.sortedEnd / page.plot.width * 100}%`;
    $('plot-tip').style.top = `${(page.plot.high - image.score) / (page.plot.high - page.plot.low) * 100}%`;
  });
  canvas.addEventListener('pointerleave', () => { $('plot-tip').hidden = true; });
  canvas.addEventListener('click', (event) => { const image = event.target.closest('.handle') ? undefined : at(event); if (image) viewer.open(image); });

  $('list').addEventListener('toggle', writeList);
  $('copy-csv').addEventListener('click', async () => {
    writeList();
    let copied = false;
    try { await navigator.clipboard.writeText($('csv').value); copied = true; } catch { $('csv').select(); copied = document.execCommand('copy'); }
    $('copy-state').textContent = copied ? 'Copied.' : 'Select the text and copy it.';
  });
}

// Order and filter

const orders = {
  score: (a, b) => a.i - b.i,
  'score-up': (a, b) => b.scored - a.scored || b.i - a.i,
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }) || a.i - b.i,
  time: (a, b) => (b.time ?? 0) - (a.time ?? 0) || a.i - b.i,
};
// What fits, and what of it is shown: all but in a large batch, which comes in pages.
let visible = images, shown = images, turned = 0, asked = 0;

function list(keepsPage) {
  const needsTable = state.text || columnOrder || ['name', 'time'].includes(state.order);
  if (!hasTable && needsTable) { wholeTable().then(() => list(keepsPage), () => {}); return; }
  const text = state.text.toLocaleLowerCase();
  const fits = (image) => (!text || image.name.toLocaleLowerCase().includes(text))
    && (state.show === 'all' || (state.show === 'error' ? !image.scored : image.scored && flagged(image) === (state.show === 'flagged')));
  visible = images.filter(fits).sort(columnOrder ?? orders[state.order]);
  $('shown').textContent = visible.length === images.length ? images.length : `${visible.length} of ${images.length}`;
  if (!large) { shown = visible; write(); return; }
  const last = Math.max(Math.ceil(visible.length / large.size) - 1, 0);
  turned = keepsPage ? Math.min(Math.max(turned, 0), last) : 0;
  shown = visible.slice(turned * large.size, (turned + 1) * large.size);
  const first = turned * large.size;
  $('page-range').textContent = visible.length ? `${first + 1}–${first + shown.length} of ${visible.length}` : 'none';
  for (const id of ['page-first', 'page-previous']) $(id).disabled = turned === 0;
  for (const id of ['page-next', 'page-last']) $(id).disabled = turned === last;
  $('page-fault').textContent = '';
  // In any other order than that of the scores the table's rows do for the list, and the rest comes when an image is opened.
  const missing = [...new Set(shown.filter((image) => image.scored && image.thumbnail === undefined).map((image) => Math.floor(image.i / large.size)))];
  const ticket = ++asked;
  Promise.all(missing.map((k) => whole(scored[k * large.size]))).then(() => { if (ticket === asked) write(); }, () => {});
}

function write() {
  $('nothing').hidden = visible.length > 0;
  $('grid').hidden = state.view !== 'grid';
  $('table-wrap').hidden = state.view !== 'table' || !visible.length;
  if (state.view === 'grid') $('grid').replaceChildren(...shown.map((image) => cards[image.i] ??= card(image)));
  else writeTable();
  if (large && state.heat && !asWritten()) for (const picture of document.querySelectorAll('#grid .pic')) inSight.observe(picture);
}

/// The card of an image, as the page's template writes it.
function card(image) {
  const item = make('li', `card${flagged(image) ? ' flagged' : ''}`), link = make('a'), frame = make('span', 'frame'), pic = make('span', 'pic'), img = make('img');
  item.id = `i${image.i}`;
  item.dataset.card = link.dataset.open = image.i;
  link.href = image.overlay ?? image.thumbnail ?? '';
  img.loading = 'lazy';
  img.decoding = 'async';
  img.src = image.thumbnail ?? '';
  img.alt = `Heat map over ${image.name}`;
  const shape = image.width / image.height, wanted = +getComputedStyle(document.documentElement).getPropertyValue('--frame');
  if (Math.abs(shape / wanted - 1) > 0.004) pic.style.cssText = `width:${Math.min(100, 100 * shape / wanted)}%;aspect-ratio:${image.width}/${image.height}`;
  pic.append(img);
  frame.append(pic);
  link.append(frame, make('span', 'name', image.name), make('span', 'score', digits(image.score)));
  item.append(link);
  return item;
}

if (large) {
  const turn = (to) => { turned = to; list(true); $('images').scrollIntoView(); };
  $('page-first').addEventListener('click', () => turn(0));
  $('page-previous').addEventListener('click', () => turn(turned - 1));
  $('page-next').addEventListener('click', () => turn(turned + 1));
  $('page-last').addEventListener('click', () => turn(Infinity));
}

const radios = (name, value) => { for (const radio of document.querySelectorAll(`input[name="${name}"]`)) radio.checked = radio.value === value; };
function show(what) { state.show = what; radios('show', what); list(); }
function view(what) { state.view = what; radios('view', what); list(); }
$('tools').addEventListener('submit', (event) => event.preventDefault());
$('search').addEventListener('input', () => { state.text = $('search').value.trim(); list(); });
$('sort').addEventListener('change', () => { state.order = $('sort').value; columnOrder = null; list(); });
for (const radio of document.querySelectorAll('input[name="show"]')) radio.addEventListener('change', () => show(radio.value));
for (const radio of document.querySelectorAll('input[name="view"]')) radio.addEventListener('change', () => view(radio.value));
$('show-all').addEventListener('click', () => { state.text = $('search').value = ''; show('all'); });

// Table

const timeText = (seconds) => seconds == null ? '' : new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ') + ' Z';
const columns = [
  { title: 'Rank', number: true, value: (image) => image.scored ? image.i + 1 : null },
  { title: '', label: 'Suspect' },
  { title: 'Image', value: (image) => image.name },
  { title: 'Score', number: true, down: true, value: (image) => image.score ?? null, text: (image) => image.scored ? digits(image.score) : '' },
  { title: 'MSM score', number: true, down: true, value: (image) => image.msm ?? null, text: (image) => image.msm == null ? '' : digits(image.msm) },
  { title: 'p', number: true, value: (image) => image.p ?? null, text: (image) => image.p == null ? '' : image.p.toPrecision(2), absent: !scored.some((image) => image.p != null) },
  { title: 'Peak x, y', number: true, text: (image) => image.peak ? image.peak.join(', ') : '' },
  { title: 'Pixels', number: true, value: (image) => image.scored ? image.width * image.height : null, text: (image) => image.scored ? `${image.width} × ${image.height}` : '' },
  { title: 'File time', value: (image) => image.time ?? null, text: (image) => timeText(image.time) },
].filter((column) => !column.absent);
let columnOrder = null, sortedColumn = null, ascending = true, tableRows = [];

function sortBy(column) {
  ascending = sortedColumn === column ? !ascending : !column.down;
  sortedColumn = column;
  const sign = ascending ? 1 : -1;
  columnOrder = (a, b) => {
    const x = column.value(a), y = column.value(b);
    // What has no value stays at the end either way.
    if (x === null || y === null) return (x === null) - (y === null) || a.i - b.i;
    return sign * (typeof x === 'string' ? x.localeCompare(y, undefined, { numeric: true }) : x - y) || a.i - b.i;
  };
  list();
}

function writeTable() {
  const element = make('table'), head = element.createTHead().insertRow(), body = element.createTBody();
  element.append(make('caption', 'visually-hidden', 'Images with their scores'));
  for (const column of columns) {
    const cell = make('th', column.number ? 'number' : '');
    cell.scope = 'col';
    if (column.value) {
      const button = make('button', '', column.title);
      button.type = 'button';
      button.addEventListener('click', () => { sortBy(column); $('table-wrap').querySelectorAll('th')[columns.indexOf(column)].querySelector('button').focus(); });
      cell.append(button);
      if (columnOrder && sortedColumn === column) cell.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      else if (!columnOrder && column.title === 'Rank' && state.order === 'score') cell.setAttribute('aria-sort', 'ascending');
    } else if (column.label) cell.append(make('span', 'visually-hidden', column.label));
    else cell.textContent = column.title;
    head.append(cell);
  }
  tableRows = shown.map((image) => {
    const row = body.insertRow();
    row.dataset.card = image.i;
    for (const column of columns) {
      const cell = row.insertCell();
      if (column.number) cell.className = 'number';
      if (column.title === 'Image') {
        cell.className = 'wide';
        if (image.scored) {
          const link = make('a', '', image.name);
          link.href = `#image=${encodeURIComponent(image.name)}`;
          link.dataset.open = image.i;
          cell.append(link);
        } else cell.append(image.name, make('span', 'reason', image.error));
      } else if (column.label) {
        if (flagged(image)) cell.append(make('span', 'flag', 'suspect'));
      } else cell.textContent = column.text ? column.text(image) : column.value(image) ?? '';
    }
    return row;
  });
  $('table-wrap').replaceChildren(element);
}

function markTable() {
  shown.forEach((image, k) => {
    const cell = tableRows[k].cells[1];
    if (flagged(image) !== (cell.childElementCount > 0)) cell.replaceChildren(...(flagged(image) ? [make('span', 'flag', 'suspect')] : []));
  });
}

// Keyboard

/// Moves the focus among what is listed.
function moveFocus(key) {
  const links = [...(state.view === 'grid' ? $('grid') : $('table-wrap')).querySelectorAll('a[data-open]')];
  if (!links.length) return;
  const from = links.indexOf(document.activeElement);
  let to = 0;
  if (from >= 0) {
    const top = (link) => link.closest('[data-card]').offsetTop;
    let perRow = links.findIndex((link) => top(link) > top(links[0]));
    if (perRow < 1) perRow = links.length;
    to = from + ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow, ArrowDown: perRow }[key]);
    if (to < 0 || to >= links.length) to = key === 'ArrowDown' || key === 'ArrowRight' ? links.length - 1 : from;
  }
  links[to].focus();
  links[to].closest('[data-card]').scrollIntoView({ block: 'nearest' });
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (viewer.isOpen()) return viewer.key(event);
  const target = event.target;
  if (target.matches('input[type="search"]') && event.key === 'Escape') { target.value = state.text = ''; target.blur(); list(); return; }
  if (target.matches('input, select, textarea, [role="slider"]')) return;
  if (event.key.startsWith('Arrow')) {
    // Arrows scroll the page until an image has the focus, or one has come into sight.
    const inList = target.closest('[data-card]');
    if (!inList && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) return;
    moveFocus(event.key);
  } else if (event.key === 'f') show(state.show === 'flagged' ? 'all' : 'flagged');
  else if (event.key === 'v') view(state.view === 'grid' ? 'table' : 'grid');
  else if (event.key === '/') $('search').focus();
  else return;
  event.preventDefault();
});

document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-open]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  viewer.open(images[+link.dataset.open], link);
});

window.addEventListener('beforeprint', () => {
  for (const image of document.querySelectorAll('.card.flagged img')) image.loading = 'eager';
});
