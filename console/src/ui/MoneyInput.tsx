import { InputNumber } from 'antd'

const MICRO = 1_000_000

interface MoneyInputProps {
  id?: string
  /** Micro-yuan. */
  value?: number | null
  onChange?: (micro: number | null) => void
  min?: number
}

/** An amount that is typed in yuan and kept in micro-yuan. */
export function MoneyInput({ value, onChange, min = 0, ...rest }: MoneyInputProps) {
  return (
    <InputNumber<number>
      {...rest}
      prefix="¥"
      min={min}
      precision={6}
      formatter={(text) => (text === undefined || text === null ? '' : String(text).replace(/(\.\d\d\d*?)0+$/, '$1'))}
      style={{ width: '100%' }}
      value={value === null || value === undefined ? null : value / MICRO}
      onChange={(yuan) => onChange?.(yuan === null ? null : Math.round(yuan * MICRO))}
    />
  )
}
