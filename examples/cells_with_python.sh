# Sourced: builds musc, gets its network, the solar cells and a Python that makes photographs of them, and sets
#   cells    the folder of elpv-dataset
#   python   with numpy and pillow
#   musc     the command
. examples/requirements.sh

require_packages $MUSC_PACKAGES python3-venv
require_swift

examples/solar_cells.sh
unzip -q -o -d quickstart quickstart/elpv_dataset-1.0.0.post1-py3-none-any.whl 'elpv_dataset/data/*'
cells=quickstart/elpv_dataset/data
if [ ! -x quickstart/module-test/venv/bin/python ]; then
    python3 -m venv quickstart/module-test/venv
    quickstart/module-test/venv/bin/pip install --quiet --disable-pip-version-check numpy pillow
fi
python=quickstart/module-test/venv/bin/python

echo "Building …" >&2
swift build -c release --product musc >&2
musc=.build/release/musc
"$musc" weights list 2>/dev/null | grep -q '^dinov2_vits14 .*installed: ' || "$musc" weights fetch dinov2_vits14 >&2
