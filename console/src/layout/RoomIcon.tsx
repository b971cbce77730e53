import type { ReactNode } from 'react'

import type { RoomId } from '@/app/features'

const shapes: Record<RoomId, ReactNode> = {
  home: (
    <>
      <path d="M4 11.2 12 4.5l8 6.7" />
      <path d="M6.2 9.8V19h11.6V9.8" />
      <path d="M10 19v-5h4v5" />
    </>
  ),
  compute: (
    <>
      <rect x="6.5" y="6.5" width="11" height="11" rx="1.6" />
      <rect x="10" y="10" width="4" height="4" rx=".6" />
      <path d="M9.5 3.5v3M14.5 3.5v3M9.5 17.5v3M14.5 17.5v3M3.5 9.5h3M3.5 14.5h3M17.5 9.5h3M17.5 14.5h3" />
    </>
  ),
  data: (
    <>
      <ellipse cx="12" cy="6.3" rx="7" ry="2.8" />
      <path d="M5 6.3v5.7c0 1.5 3.1 2.8 7 2.8s7-1.3 7-2.8V6.3" />
      <path d="M5 12v5.7c0 1.5 3.1 2.8 7 2.8s7-1.3 7-2.8V12" />
    </>
  ),
  models: (
    <>
      <path d="M12 3.6 19.4 7.8v8.4L12 20.4l-7.4-4.2V7.8z" />
      <path d="M4.8 7.9 12 12l7.2-4.1M12 12v8.2" />
    </>
  ),
  evaluation: (
    <>
      <path d="M4.2 17a8.6 8.6 0 1 1 15.6 0" />
      <path d="m12 14.2 3.8-5" />
      <circle cx="12" cy="15" r="1.5" />
      <path d="M5.5 19.8h13" />
    </>
  ),
  scenarios: (
    <>
      <circle cx="12" cy="12" r="8.4" />
      <path d="m15.6 8.4-2 5.2-5.2 2 2-5.2z" />
    </>
  ),
  governance: (
    <>
      <path d="M12 3.6 19 6v5.6c0 4.2-2.8 7.3-7 8.8-4.2-1.5-7-4.6-7-8.8V6z" />
      <path d="m8.9 12 2.2 2.2 4-4.3" />
    </>
  ),
  programmes: (
    <>
      <path d="M3.8 7.5h16.4v3a1.7 1.7 0 0 0 0 3.4v3H3.8v-3a1.7 1.7 0 0 0 0-3.4z" />
      <path d="M14.5 7.5v1.6M14.5 11.4v1.6M14.5 15.3v1.6" />
    </>
  ),
  organisation: (
    <>
      <path d="M4.5 20V5.5h8.5V20M13 10h6.5v10M3 20h18" />
      <path d="M7.3 9h2.9M7.3 12.5h2.9M7.3 16h2.9M16 13.5h.8M16 16.5h.8" />
    </>
  ),
  administration: (
    <>
      <path d="M4 7h9M17 7h3M4 12h3M11 12h9M4 17h10M18 17h2" />
      <circle cx="15" cy="7" r="2" />
      <circle cx="9" cy="12" r="2" />
      <circle cx="16" cy="17" r="2" />
    </>
  ),
}

export function RoomIcon({ room, size = 22 }: { room: RoomId; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.55"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shapes[room]}
    </svg>
  )
}
