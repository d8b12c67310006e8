// The viewer: one image large, with its heat map, contour and peak; zoom and pan in step; compared with its like.

const viewer = (() => {
  const dialog = $('viewer'), stage = $('stage');
  const panes = [$('pane-left'), $('pane-right')].map((element) => ({ element, layer: element.querySelector('.layer'), image: element.querySelector('img'), caption: element.querySelector('figcaption') }));
  const heat = panes[1].layer.querySelector('canvas'), contour = panes[1].layer.querySelector('svg'), peak = panes[1].layer.querySelector('.peak');
  let current = null, beside = null, mode = 'overlay', opener = null, baked = false;
  let zoom = 1, panX = 0, panY = 0;

  const isOpen = () => dialog.open;

  /// Shows the first picture of the list that loads: the photograph, else the stored overlay, else the thumbnail.
  function picture(element, image, loaded) {
    const choices = [[image.photograph, 'photograph'], [image.overlay, 'overlay'], [image.thumbnail, 'thumbnail']].filter(([url]) => url);
    let k = 0;
    const attempt = () => {
      const [url, kind] = choices[k] ?? [];
      element.classList.toggle('half', kind === 'thumbnail');
      if (url) element.src = url; else element.removeAttribute('src');
      loaded(kind);
    };
    element.onerror = () => { k += 1; attempt(); };
    attempt();
  }

  function open(image, from) {
    if (!image?.scored) return;
    if (!isWhole(image)) { whole(image).then(() => open(image, from), () => {}); return; }
    opener = from ?? opener;
    const wasOpen = dialog.open;
    const hash = `#image=${encodeURIComponent(image.name)}`;
    if (location.hash !== hash) history[dialog.open ? 'replaceState' : 'pushState'](null, '', hash);
    if (!wasOpen) {
      dialog.showModal();
      document.querySelector('input[name="mode"]:checked').focus();
    }
    if (current !== image) { current = image; beside = null; fill(); }
    // The zoom survives the next image, so that one spot can be compared from part to part.
    layout(!wasOpen);
  }

  function close() {
    if (dialog.open) dialog.close();
  }

  dialog.addEventListener('close', () => {
    if (location.hash.startsWith('#image=')) history.replaceState(null, '', location.pathname + location.search);
    const last = current;
    current = null;
    const card = opener?.isConnected ? opener : last && cards[last.i]?.isConnected ? cards[last.i].querySelector('a') : null;
    card?.focus();
    opener = null;
  });

  function fill() {
    const image = current;
    $('viewer-name').textContent = image.name;
    picture(panes[1].image, image, (kind) => {
      baked = kind === 'overlay';
      panes[1].caption.textContent = baked ? 'The photograph is not where it was. This is the stored overlay.' : kind === 'thumbnail' ? 'The photograph is not where it was. This is its thumbnail.' : mode === 'both' ? image.name : '';
      showParts();
    });
    panes[1].image.alt = `Photograph ${image.name}`;
    peak.style.left = image.peak ? `${(image.peak[0] + 0.5) / image.width * 100}%` : '';
    peak.style.top = image.peak ? `${(image.peak[1] + 0.5) / image.height * 100}%` : '';
    for (const [id, url] of [['link-original', image.photograph], ['link-overlay', image.overlay]]) {
      $(id).hidden = !url;
      if (url) $(id).href = url;
    }
    $('crop').hidden = !image.crop;
    if (image.crop) {
      $('crop').querySelector('a').href = image.crop;
      $('crop').querySelector('img').src = image.crop;
    }
    $('zoom-peak').hidden = !image.peak;
    regionBoxes.fill(image, zoomToRegion);
    colourPicture();
    threshold();
    fillBeside();
  }

  function fillBeside() {
    const image = beside ?? current, place = panes[0].layer.querySelector('.peak');
    picture(panes[0].image, image, () => {});
    panes[0].image.alt = `Photograph ${image.name}`;
    panes[0].caption.textContent = beside?.caption ?? 'Photograph';
    place.style.display = beside?.place ? '' : 'none';
    if (beside?.place) {
      place.style.left = `${beside.place[0] / image.width * 100}%`;
      place.style.top = `${beside.place[1] / image.height * 100}%`;
    }
    for (const button of document.querySelectorAll('#neighbours button')) button.setAttribute('aria-pressed', String(beside !== null && button.dataset.key === beside.key));
  }

  function facts() {
    const image = current, rows = [
      ['Score', digits(image.score) + (Number.isFinite(state.threshold) && state.threshold > 0 ? `, ${(image.score / state.threshold).toFixed(2)} × the threshold` : '')],
      ['MSM score', image.msm == null || digits(image.msm) === digits(image.score) ? null : digits(image.msm)],
      ['p-value', image.p == null ? null : image.p.toPrecision(2)],
      ['Peak', image.peak ? `x ${image.peak[0]}, y ${image.peak[1]}` : null],
      ['Regions', image.regionCount ? null : 'none'],
      ['Pixels', `${image.width} × ${image.height}`],
      ['File time', image.time == null ? null : timeText(image.time)],
    ].filter(([, value]) => value);
    $('viewer-facts').replaceChildren(...rows.flatMap(([key, value]) => [make('dt', '', key), make('dd', '', value)]));
    $('viewer-rank').textContent = `rank ${image.i + 1} of ${scored.length}`;
    $('viewer-flag').className = `flag ${level(image)} ${level(image) ? 'on' : ''}`;
    $('viewer-flag').textContent = levelText[level(image)];
  }

  /// The nearest places to the peak, each in another judge, as pictures that can stand beside the image.
  function evidence() {
    return current.places.map(([name, origin, rank, photograph, place, [width, height], distance], k) => {
      const judge = rank === null ? null : scored[rank];
      const what = origin === "line's past" ? 'of an earlier batch' : origin || (judge && flagged(judge) ? 'flagged' : 'of this batch');
      return { key: `place${k}`, name, photograph, thumbnail: judge?.thumbnail, overlay: null, place, width, height,
        note: `${what}, distance ${digits(distance)}`, caption: `${name}, ${what}: the nearest place is ${digits(distance)} away` };
    });
  }

  /// Images of the batch that look most like it and are not flagged, of the lower half of the scores where there are enough.
  function likes() {
    const near = current.near.map((i) => scored[i]).filter((image) => image && !flagged(image));
    if (near.some((image) => !isWhole(image))) {
      const image = current;
      Promise.all(near.filter((other) => !isWhole(other)).map(whole)).then(() => { if (current === image) neighbours(); }, () => {});
    }
    const low = near.filter((image) => image.i >= Math.floor(scored.length / 2));
    return low.concat(near.filter((image) => !low.includes(image))).slice(0, 3).map((image) => ({
      key: `image${image.i}`, name: image.name, photograph: image.photograph, thumbnail: image.thumbnail, overlay: null,
      width: image.width, height: image.height, note: digits(image.score), caption: `${image.name}, not flagged, ${digits(image.score)}` }));
  }

  function neighbours() {
    const hasPlaces = Boolean(current.places?.length), chosen = hasPlaces ? evidence() : likes();
    if (beside && !chosen.some((other) => other.key === beside.key)) { beside = null; fillBeside(); }
    $('compared-title').textContent = hasPlaces ? 'Compared with' : 'Looks like';
    $('compared-hint').textContent = hasPlaces
      ? 'The places that come nearest to the marked spot, in all images that judged it. Even these are no closer than the distance says (0 is the same). Choose one to see it beside.'
      : chosen.length ? 'Images of the batch that look most like it, of those with low scores. Choose one to see it beside.'
        : 'No image that looks like it is below the threshold.';
    $('neighbours').replaceChildren(...chosen.map((other) => {
      const item = make('li'), button = make('button'), frame = make('span', 'frame');
      button.type = 'button';
      button.dataset.key = other.key;
      button.title = other.name;
      button.setAttribute('aria-pressed', String(beside?.key === other.key));
      frame.append(other.place ? cutout(other) : wholePicture(other));
      button.append(frame, make('span', 'name', other.name), make('span', 'score', other.note));
      button.addEventListener('click', () => { beside = beside?.key === other.key ? null : other; fillBeside(); setMode('both'); });
      item.append(button);
      return item;
    }));
  }

  /// The whole photograph, from the thumbnail's left half.
  function wholePicture(other) {
    const pic = make('span', 'pic photo'), img = make('img');
    img.src = other.thumbnail ?? '';
    img.alt = '';
    pic.append(img);
    return pic;
  }

  /// A quarter of the photograph's width around a place, with the place marked.
  function cutout(other) {
    const scale = 4, box = make('span', 'cutout'), ring = make('i', 'ring'), img = make('img');
    const shape = +getComputedStyle(document.documentElement).getPropertyValue('--frame') * other.height / other.width;
    const lay = (at, length, enlarged) => {
      const share = at / length, offset = enlarged <= 1 ? (1 - enlarged) / 2 : Math.min(0, Math.max(1 - enlarged, 0.5 - share * enlarged));
      return [offset * 100, (offset + share * enlarged) * 100];
    };
    const [left, ringLeft] = lay(other.place[0], other.width, scale), [top, ringTop] = lay(other.place[1], other.height, scale * shape);
    const address = other.photograph ?? other.thumbnail;
    img.alt = '';
    if (address) img.src = address;
    // A thumbnail holds the photograph on its left half.
    img.style.cssText = `left:${left}%;top:${top}%;width:${100 * scale * (other.photograph ? 1 : 2)}%;height:${100 * scale * shape}%`;
    ring.style.cssText = `left:${ringLeft}%;top:${ringTop}%`;
    if (address) box.append(img, ring); else box.append(make('span', 'absent', 'no photograph is kept'));
    return box;
  }

  function threshold() {
    if (!current) return;
    facts();
    neighbours();
    drawContour();
  }

  function colourPicture() {
    if (!current) return;
    drawHeat(heat, current, 512, 255 / opacity[255]);
    drawRamp($('viewer-ramp'), current);
    const [low, high] = colourRange(current);
    $('viewer-low').textContent = digits(low);
    $('viewer-high').textContent = digits(high);
  }

  /// The line along which the map equals the threshold, by marching squares over the stretched map.
  function drawContour() {
    const [columns, rows] = page.grid, fine = Math.max(1, Math.min(6, Math.floor(240 / Math.max(columns, rows))));
    const width = (columns - 1) * fine + 1, height = (rows - 1) * fine + 1, level = state.threshold;
    let path = '';
    if (Number.isFinite(level) && width > 1 && height > 1 && current.high >= level && current.low < level) {
      const v = stretched(current, width, height);
      const between = (a, b) => (level - a) / (b - a);
      const edges = [
        (x, y) => [x + between(v[y * width + x], v[y * width + x + 1]), y],
        (x, y) => [x + 1, y + between(v[y * width + x + 1], v[(y + 1) * width + x + 1])],
        (x, y) => [x + between(v[(y + 1) * width + x], v[(y + 1) * width + x + 1]), y + 1],
        (x, y) => [x, y + between(v[y * width + x], v[(y + 1) * width + x])],
      ];
      // Which edges a line joins, by which of the corners (top left, top right, bottom right, bottom left) are above.
      const joins = [[], [3, 0], [0, 1], [3, 1], [1, 2], [3, 0, 1, 2], [0, 2], [3, 2], [2, 3], [2, 0], [0, 1, 2, 3], [2, 1], [1, 3], [1, 0], [0, 3], []];
      for (let y = 0; y + 1 < height; y++) for (let x = 0; x + 1 < width; x++) {
        const at = y * width + x;
        const corners = (v[at] >= level) | (v[at + 1] >= level) << 1 | (v[at + width + 1] >= level) << 2 | (v[at + width] >= level) << 3;
        const join = joins[corners];
        for (let k = 0; k < join.length; k += 2) {
          const [a, b] = edges[join[k]](x, y), [c, d] = edges[join[k + 1]](x, y);
          path += `M${a.toFixed(2)} ${b.toFixed(2)}L${c.toFixed(2)} ${d.toFixed(2)}`;
        }
      }
    }
    contour.setAttribute('viewBox', `0 0 ${Math.max(width - 1, 1)} ${Math.max(height - 1, 1)}`);
    for (const element of contour.children) element.setAttribute('d', path);
  }

  function showParts() {
    const mapped = mode !== 'original' && !baked;
    heat.style.display = mapped ? '' : 'none';
    heat.style.opacity = $('opacity').value / 100;
    contour.style.display = mapped && $('contour').checked ? '' : 'none';
    regionBoxes.show(mapped && $('boxes').checked);
    peak.style.display = mode !== 'original' && $('peak').checked && current?.peak ? '' : 'none';
    panes[0].element.hidden = mode !== 'both';
    stage.classList.toggle('both', mode === 'both');
  }

  function setMode(what) {
    mode = what;
    radios('mode', what);
    showParts();
    if (!baked) panes[1].caption.textContent = mode === 'both' ? current.name : '';
    layout(false);
  }

  /// Fits the pictures into their panes; both panes show the same part.
  function layout(reset) {
    if (!current || !dialog.open) return;
    if (reset) { zoom = 1; panX = panY = 0; }
    for (const pane of panes) {
      const image = pane === panes[0] ? beside ?? current : current, box = pane.element.getBoundingClientRect();
      if (!box.width) continue;
      const scale = Math.min(box.width / image.width, box.height / image.height), width = image.width * scale, height = image.height * scale;
      Object.assign(pane.layer.style, { width: `${width}px`, height: `${height}px` });
      const x = (box.width - width * zoom) / 2 + panX * width * zoom, y = (box.height - height * zoom) / 2 + panY * height * zoom;
      pane.layer.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
      pane.layer.style.imageRendering = zoom * scale > 4 ? 'pixelated' : '';
    }
    // What is drawn on the picture keeps its size on the screen.
    for (const mark of document.querySelectorAll('.layer .peak')) mark.style.transform = `scale(${1 / zoom})`;
    panes[1].layer.style.setProperty('--zoom', zoom);
  }

  /// Zooms by a factor and keeps what lies under the point, given in a pane's own pixels from its middle.
  function zoomBy(factor, x = 0, y = 0) {
    const next = Math.min(Math.max(zoom * factor, 1), 40), box = panes[1].layer.getBoundingClientRect(), width = box.width / zoom, height = box.height / zoom;
    if (!width) return;
    panX += x / width * (1 / next - 1 / zoom);
    panY += y / height * (1 / next - 1 / zoom);
    zoom = next;
    if (zoom === 1) panX = panY = 0;
    clampPan();
    layout(false);
  }

  function clampPan() {
    panX = Math.min(Math.max(panX, -0.5), 0.5);
    panY = Math.min(Math.max(panY, -0.5), 0.5);
  }

  /// Shows the peak's surroundings pixel by pixel, or four times as large where the picture is small.
  function zoomToPeak() {
    const box = panes[1].element.getBoundingClientRect();
    if (!current?.peak || !box.width) return;
    const scale = Math.min(box.width / current.width, box.height / current.height) * window.devicePixelRatio;
    zoomTo(current.peak[0] + 0.5, current.peak[1] + 0.5, Math.max(1 / scale, 4));
  }

  /// Shows a region with as much around it as it is large itself.
  function zoomToRegion({ x, y, width, height }) {
    const box = panes[1].element.getBoundingClientRect(), scale = Math.min(box.width / current.width, box.height / current.height);
    if (box.width) zoomTo(x + width / 2, y + height / 2, Math.min(box.width / width, box.height / height) / scale / 2);
  }

  /// Brings a place of the photograph, in its pixels, to the middle.
  function zoomTo(x, y, factor) {
    zoom = Math.min(Math.max(factor, 1), 40);
    [panX, panY] = zoom === 1 ? [0, 0] : [0.5 - x / current.width, 0.5 - y / current.height];
    clampPan();
    layout(false);
  }

  const fromMiddle = (event) => {
    const box = (event.target.closest?.('.pane') ?? panes[1].element).getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  };
  stage.addEventListener('wheel', (event) => { event.preventDefault(); zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...fromMiddle(event)); }, { passive: false });
  stage.addEventListener('dblclick', (event) => { if (!event.target.closest('button')) { if (zoom > 1) layout(true); else zoomBy(4, ...fromMiddle(event)); } });
  const fingers = new Map();
  stage.addEventListener('pointerdown', (event) => { if (event.target.closest('button')) return; stage.setPointerCapture(event.pointerId); fingers.set(event.pointerId, [event.clientX, event.clientY]); });
  stage.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const others = [...fingers].filter(([id]) => id !== event.pointerId);
    if (others.length) {
      const [ox, oy] = others[0][1], span = (x, y) => Math.hypot(x - ox, y - oy);
      zoomBy(span(event.clientX, event.clientY) / Math.max(span(...before), 1));
    } else {
      const box = panes[1].layer.getBoundingClientRect();
      panX += (event.clientX - before[0]) / box.width;
      panY += (event.clientY - before[1]) / box.height;
      clampPan();
      layout(false);
    }
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  for (const type of ['pointerup', 'pointercancel']) stage.addEventListener(type, (event) => fingers.delete(event.pointerId));
  new ResizeObserver(() => layout(false)).observe(stage);

  /// The next image of the list as it is filtered and ordered.
  function step(by) {
    const shown = visible.filter((image) => image.scored);
    const place = shown.indexOf(current), next = place < 0 ? shown[0] : shown[place + by];
    if (next) { opener = null; open(next); }
  }

  function key(event) {
    if (event.target.matches('input[type="text"]')) return;
    if (event.target.matches('input[type="range"], select') && event.key.startsWith('Arrow')) return;
    if (event.target.matches('input[type="radio"]') && event.key.startsWith('Arrow') && !['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
    const action = {
      ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => step(-1), ArrowDown: () => step(1), 1: () => setMode('original'), 2: () => setMode('overlay'), 3: () => setMode('both'),
      '+': () => zoomBy(1.5), '=': () => zoomBy(1.5), '-': () => zoomBy(1 / 1.5), 0: () => layout(true), z: zoomToPeak,
      c: () => { $('contour').checked = !$('contour').checked; showParts(); },
      p: () => { $('peak').checked = !$('peak').checked; showParts(); },
      r: () => { $('boxes').checked = !$('boxes').checked; showParts(); },
      n: regionBoxes.next,
      '?': showKeys,
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  $('previous').addEventListener('click', () => step(-1));
  $('next').addEventListener('click', () => step(1));
  $('close').addEventListener('click', close);
  $('viewer-keys').addEventListener('click', showKeys);
  $('zoom-in').addEventListener('click', () => zoomBy(1.5));
  $('zoom-out').addEventListener('click', () => zoomBy(1 / 1.5));
  $('zoom-peak').addEventListener('click', zoomToPeak);
  $('zoom-fit').addEventListener('click', () => layout(true));
  for (const id of ['opacity', 'contour', 'peak', 'boxes']) $(id).addEventListener('input', showParts);
  for (const radio of document.querySelectorAll('input[name="mode"]')) radio.addEventListener('change', () => setMode(radio.value));
  $('copy-link').addEventListener('click', async () => {
    try { await navigator.clipboard.writeText(location.href); $('copy-link').textContent = 'Copied'; } catch { $('copy-link').textContent = 'Copy it from the address bar'; }
    setTimeout(() => { $('copy-link').textContent = 'Copy link'; }, 2000);
  });

  /// Opens what the address names, or closes.
  function follow() {
    const match = /^#image=(.*)$/.exec(location.hash);
    let image;
    try { image = match && byName.get(decodeURIComponent(match[1])); } catch { /* not a name that this page wrote */ }
    if (match && !image && !hasTable) { wholeTable().then(follow, () => {}); return; }
    if (image?.scored) open(image); else close();
  }
  window.addEventListener('popstate', follow);
  window.addEventListener('hashchange', follow);

  return { open, isOpen, key, threshold, follow, colour: colourPicture, current: () => current };
})();

if (large) list();
showThreshold(shownCount);
for (const select of document.querySelectorAll('.colormap')) select.value = state.colormap;
for (const select of document.querySelectorAll('.normalisation')) select.value = state.normalisation;
viewer.follow();
