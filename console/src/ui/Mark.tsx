/** The product's sign: water that spreads from its source, in the shape of a C. */
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0e6b68" />
      <g fill="none" stroke="#f5f4f0" strokeLinecap="round" strokeWidth="2.6">
        <path d="M22.9 8.6a10 10 0 1 0 0 14.8" />
        <path d="M19.4 12.4a5 5 0 1 0 0 7.2" opacity=".62" />
      </g>
      <circle cx="22.4" cy="16" r="2.5" fill="#e0694f" />
    </svg>
  )
}
