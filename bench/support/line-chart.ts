import { LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

interface Chart {
  title: string
  x: { name: string; values: string[] }
  /** Its axis is logarithmic. */
  y: { name: string }
  /** One value per x; others than finite numbers are skipped. */
  lines: { name: string; values: number[] }[]
}

/** Returns an SVG of lines. The same figures give the same bytes. */
export function lineChart({ title, x, y, lines }: Chart): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 860, height: 520 })
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: title, left: 'center' },
    legend: { bottom: 0, data: lines.map(({ name }) => name) },
    grid: { top: 60, bottom: 130, left: 70, right: 30 },
    xAxis: { type: 'category', name: x.name, nameLocation: 'middle', nameGap: 30, data: x.values },
    yAxis: { type: 'log', name: y.name },
    series: lines.map(({ name, values }) => ({
      name,
      type: 'line',
      data: values.map((value) => (Number.isFinite(value) ? value : null)),
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}
