export function ImpersonationBanner() { return null }
