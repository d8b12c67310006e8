// The page's data, colours and threshold; list.js and viewer.js follow.
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
const columnsOfRow = ['name', 'score', 'msm', 'p', 'width', 'height', 'peak', 'low', 'high', 'map', 'overlay', 'thumbnail', 'photograph', 'time', 'near', 'crop', 'places', 'regions', 'regionCount'];
// What is as usual is short in a row, or left out at its end.
const usual = { regions: [], regionCount: 0 };
const folders = Object.entries(page.folders);
const inFolder = (name, folder) => name && (name.startsWith('./') ? name.slice(2) : folder + name);
function taken(image, row, columns) {
  columns.forEach((column, k) => { image[column] = row[k] ?? usual[column] ?? null; });
  if (image.msm === '=') image.msm = image.score;
  if (image.photograph === 1) image.photograph = `../${image.name}`;
  for (const [column, folder] of folders) if (columns.includes(column)) image[column] = inFolder(image[column], folder);
  return image;
}
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
// A page that holds its pictures itself has each thumbnail once, in its card.
if (page.single) for (const image of images) image.thumbnail = cards[image.i]?.querySelector('img')?.src;
const stripItems = [...document.querySelectorAll('.strip > li')];
const digits = (value) => value.toFixed(page.decimals);
const regionsText = (image) => image.regionCount ? `${image.regionCount} ${image.regionCount === 1 ? 'region' : 'regions'}` : '';

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

// Where patch scores lie on the colour map: over the batch the colours of what is not flagged end at `below`, and those
// of what is flagged begin at `above`, whatever lies between. The threshold is the stored one, as in all pictures.
const [scaleLow, scaleHigh, below, above] = page.scale, opacity = bytes(page.opacity);
const isSingle = () => state.normalisation === 'image';
const colourRange = (image) => isSingle() && image ? [image.low, image.high] : [scaleLow, scaleHigh];
function colourOf(image) {
  const [low, high] = colourRange(image), end = Math.min(page.threshold, high);
  if (isSingle()) return (score) => high > low ? (score - low) / (high - low) : 0;
  return (score) => score >= page.threshold ? above + (high > page.threshold ? (score - page.threshold) / (high - page.threshold) * (1 - above) : 0)
    : end > low ? (score - low) / (end - low) * below : 0;
}
const colourStep = (position) => Math.min(Math.max(Math.round(position * 255), 0), 255);

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
  const values = stretched(image, width, height), colours = table(state.colormap), position = colourOf(image);
  const pixels = new ImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    const step = colourStep(position(values[i]));
    pixels.data[4 * i] = colours[3 * step];
    pixels.data[4 * i + 1] = colours[3 * step + 1];
    pixels.data[4 * i + 2] = colours[3 * step + 2];
    if (region && !region[Math.floor(Math.floor(i / width) * page.grid[1] / height) * page.grid[0] + Math.floor(i % width * page.grid[0] / width)]) {
      pixels.data.set([128, 128, 128, 255 * Math.min(0.75 * strength, 1)], 4 * i);
      continue;
    }
    pixels.data[4 * i + 3] = opacity[step] * strength;
  }
  canvas.getContext('2d').putImageData(pixels, 0, 0);
}

function drawRamp(canvas, image) {
  const colours = table(state.colormap), pixels = new ImageData(256, 1), position = colourOf(image), [low, high] = colourRange(image);
  for (let i = 0; i < 256; i++) {
    const step = colourStep(isSingle() ? i / 255 : position(low + i / 255 * (high - low)));
    pixels.data.set([colours[3 * step], colours[3 * step + 1], colours[3 * step + 2], 255], 4 * i);
  }
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
  const single = isSingle();
  const bar = document.querySelector('.colours');
  bar.querySelector('.bar-low').textContent = single ? 'lowest' : digits(scaleLow);
  bar.querySelector('.bar-high').textContent = single ? 'highest' : digits(scaleHigh);
  bar.querySelector('.bar-text').textContent = single ? 'scores of the spots of each image by itself: colours cannot be compared between images' : Number.isFinite(page.threshold) ? 'scores of all spots of the batch; the bright end begins at the threshold' : 'scores of all spots of the batch';
  for (const mark of document.querySelectorAll('.bar-mark')) mark.hidden = single;
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
const worthALook = (image) => image.scored && !flagged(image) && image.i < page.lookEnd;
const level = (image) => flagged(image) ? 'flagged' : worthALook(image) ? 'look' : '';
const levelText = { flagged: 'flagged', look: 'worth a look', '': '' };
/// A sign for a table's cell, or nothing.
const sign = (image) => level(image) ? [make('span', `flag on ${level(image)}`, levelText[level(image)])] : [];
const flaggedCount = () => { let low = 0, high = scored.length; while (low < high) { const middle = (low + high) >> 1; if (scored[middle].score >= state.threshold) low = middle + 1; else high = middle; } return low; };
let shownCount = flaggedCount();

const csvCell = (text) => { const inert = /^[=+\-@\t\r]/.test(text) ? "'" + text : text; return /[",\r\n]/.test(inert) ? '"' + inert.replaceAll('"', '""') + '"' : inert; };
function writeList() {
  const count = flaggedCount();
  if (scored.slice(0, count).some((image) => image.name === undefined)) { wholeTable().then(writeList, () => {}); return; }
  const rows = scored.slice(0, count).map((image, i) => [i + 1, csvCell(image.name), image.score, ...(image.peak ?? ['', ''])].join(','));
  $('csv').value = ['rank,image,score,peak_x,peak_y', ...rows].join('\n') + '\n';
}

const heading = $('answer').textContent;
const isMoved = () => state.threshold !== page.threshold;
/// What the page says at its top: what is stored, or what another threshold would come to.
function answer(count) {
  if (!isMoved()) return heading;
  const total = images.length, noun = total === 1 ? 'image' : 'images';
  return `With a threshold of ${thresholdText()}, ${count === 0 ? 'none' : count} of ${total} ${noun} would be flagged`;
}

function mark(item) {
  const image = images[+item.dataset.card];
  item.classList.toggle('flagged', flagged(image));
  item.classList.toggle('look', worthALook(image));
}

function setThreshold(value) {
  const moved = Number.isFinite(value) ? value : Infinity;
  if (moved === state.threshold) return;
  state.threshold = moved;
  const count = flaggedCount();
  for (let i = Math.min(count, shownCount); i < Math.max(count, shownCount); i++) if (cards[i]) mark(cards[i]);
  shownCount = count;
  for (const item of stripItems) mark(item);
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
  $('threshold-label').textContent = Number.isFinite(state.threshold) ? `${thresholdText()} · ${count} flagged` : 'no threshold';
  const handle = $('threshold-handle');
  handle.setAttribute('aria-valuenow', Number.isFinite(state.threshold) ? state.threshold : page.plot.high);
  handle.setAttribute('aria-valuetext', Number.isFinite(state.threshold) ? `${thresholdText()}, ${count} of ${images.length} images flagged` : 'no threshold');
  if (document.activeElement !== $('threshold-number')) $('threshold-number').value = Number.isFinite(state.threshold) ? digits(state.threshold) : '';
  $('threshold-reset').disabled = !isMoved();
  $('moved').hidden = !isMoved() || !Number.isFinite(state.threshold);
  $('moved-command').textContent = `${page.command} ${thresholdText()}`;
  $('command-state').textContent = '';
  $('answer').textContent = answer(count);
  // What is worth a look is counted beside the stored threshold.
  for (const line of document.querySelectorAll('.look-line')) line.hidden = isMoved();
  const chips = scored.slice(0, Math.min(count, page.chips)).map((image) => {
    const link = make('a', '', image.name);
    link.href = `#image=${encodeURIComponent(image.name)}`;
    link.dataset.open = image.i;
    return link;
  });
  if (count > page.chips) { const more = make('a', '', `and ${count - page.chips} more`); more.href = '#images'; chips.push(more); }
  $('chips').replaceChildren(...chips);
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
  /// Copies a text; where the browser does not let the page, what is selected.
  const copy = async (text, select, status) => {
    let copied = false;
    try { await navigator.clipboard.writeText(text); copied = true; } catch { select(); copied = document.execCommand('copy'); }
    status.textContent = copied ? 'Copied.' : 'Select the text and copy it.';
  };
  $('copy-csv').addEventListener('click', () => { writeList(); copy($('csv').value, () => $('csv').select(), $('copy-state')); });
  $('copy-command').addEventListener('click', () => copy($('moved-command').textContent, () => getSelection().selectAllChildren($('moved-command')), $('command-state')));
}
