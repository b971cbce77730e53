import { Skeleton } from 'antd'

/** The place of a page whose content is on its way. */
export function Loading() {
  return (
    <div style={{ maxWidth: 1400, margin: '0 auto', padding: '28px 32px' }} aria-busy="true">
      <Skeleton active title={{ width: 280 }} paragraph={{ rows: 6 }} />
    </div>
  )
}
