import { startEmulators } from '../../local/emulators/emulators.ts'
import { share } from '../support/share.ts'

/**
 * Emulators that nothing else asks meanwhile, as the shared ones are: for what is measured, counted or stopped. The files
 * of a process use them in turn, since a start takes 2 s of a processor; lifetime.test.ts, which stops them, is the last.
 */
export const useOwnEmulators = share(startEmulators)
