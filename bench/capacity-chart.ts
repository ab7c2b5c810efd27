import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Ceiling } from './capacity-limits.ts'

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

/** An SVG of how many events a second each part takes, by number of subscribers. The same figures give the same bytes. */
export function chartOf(ceilings: Ceiling[], subscribers: number[]): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 860, height: 520 })
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: 'Events a second that each part takes', left: 'center' },
    legend: { bottom: 0, data: ceilings.map(({ part }) => plain(part)) },
    grid: { top: 60, bottom: 130, left: 70, right: 30 },
    xAxis: {
      type: 'category',
      name: 'subscribers of each event',
      nameLocation: 'middle',
      nameGap: 30,
      data: subscribers.map(String),
    },
    yAxis: { type: 'log', name: 'events a second' },
    series: ceilings.map(({ part, perSecond }) => ({
      name: plain(part),
      type: 'line',
      data: perSecond.map((value) => (Number.isFinite(value) ? Math.round(value) : null)),
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

const plain = (text: string): string => text.replaceAll('`', '')
