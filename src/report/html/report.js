// Conveniences only: without this script everything can be read, opened and searched.
const controls = document.getElementById('filter');
const items = [...document.querySelectorAll('[data-item]')];
controls.hidden = false;
controls.querySelector('input').addEventListener('input', ({ target }) => {
  const words = target.value.toLowerCase().split(/\s+/);
  for (const item of items) {
    const text = item.firstElementChild.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
});
for (const button of controls.querySelectorAll('button'))
  button.addEventListener('click', () => {
    for (const item of items) item.open = button.dataset.open === 'true';
  });
const openTarget = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener('hashchange', openTarget);
openTarget();
