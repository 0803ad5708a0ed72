# Sourced by the other scripts: a virtual environment in .venv with what pyproject.toml asks for, made when it is
# missing or when pyproject.toml changed. Usage: setup EXTRA
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
# What was compiled once is kept, whatever the shell says: the tests start hundreds of processes, and pytest rewrites
# every module of tests.
unset PYTHONDONTWRITEBYTECODE

find_python() {
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  echo "Python 3.11 or newer is needed; none was found on PATH (set PYTHON to name one)." >&2
  exit 1
}

setup() {
  local extra=$1 stamp=".venv/.installed-$1" python
  if [ -x .venv/bin/python ] && [ -f "$stamp" ] && cmp -s pyproject.toml "$stamp"; then
    return
  fi
  python=$(find_python) || exit 1
  echo "Setting up .venv (once, and after changes of pyproject.toml) ..." >&2
  [ -x .venv/bin/python ] || "$python" -m venv .venv || exit 1
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extra]" || exit 1
  cp pyproject.toml "$stamp"
}
