import { BarChart, HeatmapChart, LineChart } from 'echarts/charts'
import {
  DatasetComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components'
import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'

import { usePreferences } from '@/app/preferences'
import { fonts, palettes, series as seriesColours, type Theme } from '@/app/tokens'

echarts.use([
  BarChart,
  HeatmapChart,
  LineChart,
  DatasetComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
  SVGRenderer,
])

export type ChartOption = echarts.EChartsCoreOption

function axis(theme: Theme): object {
  const p = palettes[theme]
  return {
    axisLine: { lineStyle: { color: p.line } },
    axisTick: { show: false },
    axisLabel: { color: p.inkFaint, fontSize: 11.5, hideOverlap: true },
    nameTextStyle: { color: p.inkFaint, fontSize: 11.5 },
    splitLine: { lineStyle: { color: p.lineSoft } },
  }
}

function themeOf(theme: Theme): object {
  const p = palettes[theme]
  return {
    color: seriesColours[theme],
    backgroundColor: 'transparent',
    textStyle: { fontFamily: fonts.text, color: p.inkSoft },
    legend: { textStyle: { color: p.inkSoft }, itemHeight: 8, itemWidth: 14, icon: 'roundRect' },
    tooltip: {
      backgroundColor: p.raised,
      borderColor: p.line,
      textStyle: { color: p.ink, fontSize: 12.5 },
      extraCssText: `box-shadow: ${p.shadow}`,
    },
    categoryAxis: { ...axis(theme), splitLine: { show: false } },
    valueAxis: { ...axis(theme), axisLine: { show: false } },
    timeAxis: { ...axis(theme), splitLine: { show: false } },
    logAxis: { ...axis(theme), axisLine: { show: false } },
    line: { symbol: 'none', lineStyle: { width: 2 } },
    bar: { itemStyle: { borderRadius: [3, 3, 0, 0] }, barMaxWidth: 36 },
  }
}

const GRID = { left: 8, right: 16, top: 36, bottom: 8, containLabel: true }

/** A chart of fixed height in the tokens' colours. `label` tells what it shows to those who cannot see it. */
export default function Chart({
  option,
  label,
  height = 260,
}: {
  option: ChartOption
  label: string
  height?: number
}) {
  const holder = useRef<HTMLDivElement>(null)
  const chart = useRef<echarts.ECharts | null>(null)
  const { resolvedTheme } = usePreferences()
  useEffect(() => {
    if (!holder.current) return
    const made = echarts.init(holder.current, themeOf(resolvedTheme), { renderer: 'svg' })
    chart.current = made
    const watcher = new ResizeObserver(() => made.resize())
    watcher.observe(holder.current)
    return () => {
      watcher.disconnect()
      made.dispose()
      chart.current = null
    }
  }, [resolvedTheme])
  useEffect(() => {
    chart.current?.setOption({ grid: GRID, animationDuration: 200, ...option }, { notMerge: true })
  }, [option, resolvedTheme])
  return <div ref={holder} style={{ height }} role="img" aria-label={label} />
}
