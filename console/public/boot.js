// Runs before the first paint, so that neither theme nor language flashes.
;(function () {
  var saved = {}
  try {
    saved = JSON.parse(localStorage.getItem('ceyuan.preferences') || '{}')
  } catch {
    saved = {}
  }
  var dark = saved.theme === 'dark' || (saved.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  document.documentElement.lang = saved.language === 'en' ? 'en' : 'zh-CN'
})()
