import { useEffect, useState } from 'react'

/** `value` once it has not changed for `milliseconds`: what follows a slider asks the server when the hand rests. */
export function useSettled<T>(value: T, milliseconds = 350): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return settled
}
