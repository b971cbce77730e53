import { lazy, Suspense, type ComponentProps } from 'react'

const Chart = lazy(() => import('./Chart'))

/** The chart, loaded when the first one is shown; its place is kept meanwhile. */
export function LazyChart(props: ComponentProps<typeof Chart>) {
  return (
    <Suspense fallback={<div style={{ height: props.height ?? 260 }} />}>
      <Chart {...props} />
    </Suspense>
  )
}
