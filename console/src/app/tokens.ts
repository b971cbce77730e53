/** Design tokens: paper, ink, jade and cinnabar. Everything coloured in the console comes from here. */

export type Theme = 'light' | 'dark'

export interface Palette {
  paper: string
  surface: string
  raised: string
  sunken: string
  line: string
  lineSoft: string
  ink: string
  inkSoft: string
  inkFaint: string
  jade: string
  jadeHover: string
  jadeActive: string
  jadeWash: string
  onJade: string
  cinnabar: string
  cinnabarWash: string
  amber: string
  amberWash: string
  bamboo: string
  bambooWash: string
  indigo: string
  indigoWash: string
  rail: string
  railInk: string
  railInkFaint: string
  railActive: string
  shadow: string
}

export const palettes: Record<Theme, Palette> = {
  light: {
    paper: '#f6f5f1',
    surface: '#ffffff',
    raised: '#ffffff',
    sunken: '#f1efe9',
    line: '#dfdcd3',
    lineSoft: '#ebe8e1',
    ink: '#1b2425',
    inkSoft: '#556164',
    inkFaint: '#7d878a',
    jade: '#0e6b68',
    jadeHover: '#128480',
    jadeActive: '#0a5250',
    jadeWash: '#e3f0ee',
    onJade: '#ffffff',
    cinnabar: '#b93a24',
    cinnabarWash: '#fbebe6',
    amber: '#9a6608',
    amberWash: '#fbf2dc',
    bamboo: '#2f7a4b',
    bambooWash: '#e6f2e8',
    indigo: '#33608f',
    indigoWash: '#e6eef6',
    rail: '#12211f',
    railInk: '#e6ece9',
    railInkFaint: '#93a6a1',
    railActive: '#1f3a37',
    shadow: '0 8px 28px rgb(27 36 37 / 12%), 0 1px 3px rgb(27 36 37 / 8%)',
  },
  dark: {
    paper: '#0f1514',
    surface: '#161e1d',
    raised: '#1d2726',
    sunken: '#121918',
    line: '#2c3937',
    lineSoft: '#232e2c',
    ink: '#e3e9e7',
    inkSoft: '#a4b2af',
    inkFaint: '#7f8f8b',
    jade: '#45b8ad',
    jadeHover: '#5fcabf',
    jadeActive: '#349a91',
    jadeWash: '#15312f',
    onJade: '#05201d',
    cinnabar: '#ec7a62',
    cinnabarWash: '#3a1f1a',
    amber: '#dba845',
    amberWash: '#352a14',
    bamboo: '#6dbb86',
    bambooWash: '#18301f',
    indigo: '#7fadd9',
    indigoWash: '#182a3b',
    rail: '#0b1110',
    railInk: '#e3e9e7',
    railInkFaint: '#86968f',
    railActive: '#1a2f2c',
    shadow: '0 10px 32px rgb(0 0 0 / 48%), 0 1px 3px rgb(0 0 0 / 40%)',
  },
}

/** Series colours of the charts, told apart by lightness as well as by hue. */
export const series: Record<Theme, string[]> = {
  light: ['#0e6b68', '#d0674b', '#4a6fa5', '#c79a3a', '#7d5a86', '#6e9a5b', '#5f7076'],
  dark: ['#45b8ad', '#ec8a70', '#86aede', '#e2bd6a', '#b592c0', '#97c283', '#9fb0b6'],
}

export const fonts = {
  text: [
    '"Segoe UI Variable Text"',
    '"SF Pro Text"',
    '"Inter"',
    'system-ui',
    '-apple-system',
    '"Segoe UI"',
    '"PingFang SC"',
    '"HarmonyOS Sans SC"',
    '"MiSans"',
    '"Noto Sans SC"',
    '"Noto Sans CJK SC"',
    '"Source Han Sans SC"',
    '"Microsoft YaHei"',
    'sans-serif',
  ].join(', '),
  display: [
    '"Source Serif 4"',
    '"Iowan Old Style"',
    'Georgia',
    '"Songti SC"',
    '"Noto Serif SC"',
    '"Noto Serif CJK SC"',
    '"Source Han Serif SC"',
    'SimSun',
    'serif',
  ].join(', '),
  mono: [
    '"JetBrains Mono"',
    '"SF Mono"',
    'ui-monospace',
    'Menlo',
    'Consolas',
    '"DejaVu Sans Mono"',
    '"Noto Sans Mono CJK SC"',
    'monospace',
  ].join(', '),
} as const

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** The palette as `--cy-*` custom properties, for the style sheets. */
export function cssVariables(theme: Theme): string {
  const colours = Object.entries(palettes[theme]).map(([name, value]) => `--cy-${kebab(name)}: ${value};`)
  const families = Object.entries(fonts).map(([name, value]) => `--cy-font-${name}: ${value};`)
  const charts = series[theme].map((value, index) => `--cy-series-${index}: ${value};`)
  return [...colours, ...families, ...charts].join(' ')
}
