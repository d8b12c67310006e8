// The regions of the image in the viewer: numbered boxes on its heat map, and the list of them beside it.

const regionBoxes = (() => {
  const layer = document.querySelector('#pane-right .regions'), list = $('region-list');
  let zoomTo = () => {}, chosen = -1;

  function choose(k, keepsFocus) {
    const buttons = [...list.querySelectorAll('button')];
    if (!buttons.length) return;
    chosen = (k + buttons.length) % buttons.length;
    buttons.forEach((button, i) => button.setAttribute('aria-pressed', String(i === chosen)));
    [...layer.children].forEach((box, i) => box.classList.toggle('chosen', i === chosen));
    if (!keepsFocus) buttons[chosen].focus();
    zoomTo(buttons[chosen].region);
  }

  /// Draws the boxes of an image and lists them; `zoom` is called with the region that is chosen.
  function fill(image, zoom) {
    zoomTo = zoom;
    chosen = -1;
    const regions = image.regions.map(([x, y, width, height, area, score]) => ({ x, y, width, height, area, score }));
    layer.replaceChildren(...regions.map((region, k) => {
      const box = make('i', region.y < 0.08 * image.height ? 'region inside' : 'region');
      box.style.cssText = `left:${100 * region.x / image.width}%;top:${100 * region.y / image.height}%;width:${100 * region.width / image.width}%;height:${100 * region.height / image.height}%`;
      box.append(make('b', '', k + 1));
      return box;
    }));
    list.replaceChildren(...regions.map((region, k) => {
      const item = make('li'), button = make('button');
      button.type = 'button';
      button.region = region;
      button.setAttribute('aria-pressed', 'false');
      button.append(make('b', '', k + 1), make('span', '', `score ${digits(region.score)}`), make('span', 'hint', `${region.width} × ${region.height} pixels`));
      button.addEventListener('click', () => choose(k, true));
      item.append(button);
      return item;
    }));
    const [from, low] = page.regionsFrom;
    $('regions').hidden = $('boxes-label').hidden = !regions.length;
    $('regions-title').textContent = regionsText(image);
    $('regions-hint').textContent = regions.length
      ? `Connected spots whose score reaches ${digits(from)}, each with what belongs to it down to ${digits(low)}.`
        + (image.regionCount > regions.length ? ` The ${regions.length} highest are listed.` : '') : '';
  }

  return { fill, next: () => choose(chosen + 1), show: (shown) => { layer.style.display = shown ? '' : 'none'; } };
})();
