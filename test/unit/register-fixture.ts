import { after, beforeEach } from 'node:test'
import { persons, units } from '../../local/register.ts'
import { createRegister } from '../../shared/register/register.ts'
import { startFaultyRegister } from '../support/register.ts'

export const stub = await startFaultyRegister()
after(() => stub.stop())
beforeEach(() => {
  stub.fail(undefined)
  stub.asked.length = 0
})
export const clock = { now: 1_800_000_000_000 }
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const PAUSE = 3000
export const person = `/person/${persons.one.number}`
export const unit = `/organisation/${units.main.number}`
export const SUBUNIT = `/party/${units.subunit.partyId}`
export const mainUnit = [
  `/party/${units.main.partyId}`,
  unit,
  `/org/${units.main.number}`,
  `urn:altinn:organization:identifier-no:${units.main.number}`,
]

/** A register without anything in its cache, and the reasons that it reports. */
export function newRegister(
  authorization: () => Promise<Record<string, string>> = async () => ({}),
) {
  const reasons: string[] = []
  const answers = { count: 0 }
  const register = createRegister({
    url: stub.settings.ALTINN_REGISTER_URL,
    authorization,
    state: {
      failed: (reason) => void reasons.push(reason),
      answered: () => void (answers.count += 1),
    },
    now: () => clock.now,
  })
  return { ...register, reasons, answers }
}
