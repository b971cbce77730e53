export function useSignOut() { return () => undefined }
