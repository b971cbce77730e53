import type { Element, Nodes, Root } from 'hast'
import type { Options } from 'react-markdown'
import rehypeRaw from 'rehype-raw'
import rehypeSanitize, { type Options as Schema } from 'rehype-sanitize'

const SHAPE = ['align', 'width', 'height'] as const

const PREFIX = 'card-'

/** What HTML in a card may say: text, tables, what folds, pictures and links, and where these stand. Nothing that runs,
 * asks, embeds, or dresses itself up as a part of the page: no script, style, class, event, form, or frame. */
export const SCHEMA: Schema = {
  tagNames: [
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'br', 'hr', 'div', 'span', 'center', 'blockquote', 'pre', 'section'],
    ...['b', 'strong', 'i', 'em', 'u', 's', 'del', 'ins', 'mark', 'small', 'sub', 'sup', 'code', 'kbd', 'samp', 'var'],
    ...['q', 'cite', 'abbr', 'ruby', 'rb', 'rt', 'rp', 'ul', 'ol', 'li', 'dl', 'dt', 'dd', 'details', 'summary'],
    ...['table', 'caption', 'colgroup', 'col', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td', 'figure', 'figcaption'],
    ...['a', 'img', 'input'],
  ],
  attributes: {
    '*': ['title', 'lang', 'dir', 'id'],
    a: ['href', 'name', 'dataFootnoteRef', 'dataFootnoteBackref'],
    code: [['className', /^language-[\w+#.-]{1,40}$/]],
    col: ['span'],
    details: ['open'],
    div: [...SHAPE],
    h1: ['align'],
    h2: ['align'],
    h3: ['align'],
    h4: ['align'],
    img: [...SHAPE, 'src', 'alt'],
    // The boxes of a list of tasks.
    input: ['checked', ['type', 'checkbox'], ['disabled', true]],
    ol: ['start', 'reversed'],
    p: ['align'],
    section: ['dataFootnotes'],
    table: [...SHAPE],
    td: [...SHAPE, 'colSpan', 'rowSpan'],
    th: [...SHAPE, 'colSpan', 'rowSpan', 'scope'],
    tr: ['align'],
  },
  required: { input: { type: 'checkbox', disabled: true } },
  ancestors: {
    ...Object.fromEntries(['caption', 'colgroup', 'thead', 'tbody', 'tfoot', 'tr'].map((tag) => [tag, ['table']])),
    ...Object.fromEntries(['td', 'th'].map((tag) => [tag, ['tr']])),
    li: ['ul', 'ol'],
    summary: ['details'],
  },
  protocols: { href: ['http', 'https', 'mailto'], src: ['http', 'https'] },
  strip: ['script', 'style', 'template', 'noscript', 'iframe', 'object', 'svg', 'math', 'title', 'textarea', 'select'],
  // What a card names must not pass for what the page named.
  clobber: ['id', 'name'],
  clobberPrefix: PREFIX,
}

function textOf(node: Nodes): string {
  if (node.type === 'text') return node.value
  return 'children' in node ? node.children.map(textOf).join('') : ''
}

/** The name of a heading as code hosts write it: small letters, no punctuation, hyphens for spaces. */
function slugOf(heading: Element): string {
  return textOf(heading)
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replace(/ /g, '-')
}

/** Headings bear their names, and links within the card lead to them. */
function headingLinks() {
  return (tree: Root) => {
    const open: Nodes[] = [tree]
    for (let node = open.pop(); node; node = open.pop()) {
      if ('children' in node) open.push(...node.children)
      if (node.type !== 'element') continue
      if (/^h[1-6]$/.test(node.tagName)) node.properties.id ??= PREFIX + slugOf(node)
      const { href } = node.properties
      if (node.tagName === 'a' && typeof href === 'string' && /^#./.test(href))
        node.properties.href = `#${PREFIX}${href.slice(1)}`
    }
  }
}

/** Reads HTML in Markdown, and keeps of it what the schema knows. */
export const CARD_HTML: Options['rehypePlugins'] = [rehypeRaw, [rehypeSanitize, SCHEMA], headingLinks]
