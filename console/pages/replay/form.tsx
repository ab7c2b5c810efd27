import { useState } from 'preact/hooks'
import { useAction } from '../../action.ts'
import { ask, pause, send } from '../../api.ts'
import { Button } from '../../button.tsx'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { place, setQuery } from '../../router.tsx'
import { choiceIn, faultsOfChoice, requestOf, type Choice } from './choice.ts'
import { Fields } from './fields.tsx'

const texts = defineTexts({
  nb: {
    counting: 'Teller …',
    none: 'Det er ingenting å sende på nytt her.',
    uncounted: 'Hvor mange det blir, lot seg ikke telle.',
    count: (count: string) =>
      count === '1' ? 'Én hendelse blir sendt på nytt.' : `${count} hendelser blir sendt på nytt.`,
    start: 'Send på nytt',
  },
  en: {
    counting: 'Counting …',
    none: 'There is nothing to send again here.',
    uncounted: 'How many it will be could not be counted.',
    count: (count: string) =>
      count === '1' ? 'One event is sent again.' : `${count} events are sent again.`,
    start: 'Send again',
  },
})

const QUIET_MS = 300

interface FormProps {
  /** The address of the subscription's replay. */
  address: string
  onStart: (count: string | undefined) => void
}

/** Asks what is to be sent again, says how many that will be, and begins. The choice is in the address. */
export function ReplayForm({ address, onStart }: FormProps) {
  const names = texts.use()
  const [choice, setChoice] = useState(() => choiceIn(place.get().query))
  const body = requestOf(choice)
  const counted = useCount(address, body)
  const start = useAction(async () => {
    await send('POST', address, body)
    onStart(counted.data)
  })
  const problem = start.problem ?? counted.problem
  const faults = faultsOfChoice(problem)
  const isIdle = counted.problem === undefined && (counted.data ?? '0') === '0'
  const change = (chosen: Choice) => {
    setChoice(chosen)
    const { only, from, to } = requestOf(chosen)
    setQuery({ only, from, to })
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!isIdle) start.run()
  }
  return (
    <form class="groups" noValidate onSubmit={submit}>
      <Fields choice={choice} faults={faults} onChange={change} />
      {faults.isElsewhere && <ProblemNotice problem={problem} />}
      <p class="ds-paragraph" role="status">
        {counted.problem === undefined
          ? told(counted.data)
          : faultsOfChoice(counted.problem).isElsewhere && names.uncounted}
      </p>
      <Button type="submit" kind="primary" size="md" isRunning={start.isRunning} isIdle={isIdle}>
        {names.start}
      </Button>
    </form>
  )
}

/** Asks how many it will be, once the choice has been left alone for a moment. */
function useCount(address: string, body: object) {
  const load = async (signal: AbortSignal) => {
    await pause(QUIET_MS, signal)
    const { count } = await ask<{ count: string }>(`${address}/preview`, body, signal)
    return count
  }
  return useQuery(`${address} ${JSON.stringify(body)}`, load)
}

function told(count: string | undefined): string {
  const names = texts.now()
  if (count === undefined) return names.counting
  return count === '0' ? names.none : names.count(count)
}
