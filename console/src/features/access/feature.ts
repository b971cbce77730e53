import type { Feature } from '@/app/features'

/** The pages before sign-in; their addresses stand in mails. */
const feature: Feature = {
  routes: [],
  nav: [],
  open: [
    { path: 'login', lazy: () => import('./SignInPage') },
    { path: 'sign-up', lazy: () => import('./SignUpPage') },
    { path: 'forgot-password', lazy: () => import('./ForgotPage') },
    { path: 'reset-password', lazy: () => import('./ResetPage') },
    { path: 'confirm-email', lazy: () => import('./ConfirmEmailPage') },
    { path: 'invitation', lazy: () => import('./InvitationPage') },
  ],
}

export default feature
