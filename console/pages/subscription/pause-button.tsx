import { useAction } from '../../action.ts'
import { send } from '../../api.ts'
import { Button } from '../../button.tsx'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import type { Subscription } from '../../subscriptions/subscription.ts'

const texts = defineTexts({
  nb: { pause: 'Sett på pause', resume: 'Fortsett' },
  en: { pause: 'Pause', resume: 'Resume' },
})

interface PauseButtonProps {
  subscription: Subscription
  onChange: () => void
}

/** Holds deliveries back, or lets them go on. What comes meanwhile waits. */
export function PauseButton({ subscription, onChange }: PauseButtonProps) {
  const names = texts.use()
  const { id, circuit, validated } = subscription
  const next = circuit.state === 'paused' ? 'resume' : 'pause'
  const { run, isRunning, problem } = useAction(async () => {
    await send('POST', `subscriptions/${id}/${next}`)
    onChange()
  })
  if (!validated || circuit.state === 'disabled') return null
  return (
    <>
      <Button onClick={run} isRunning={isRunning}>
        {names[next]}
      </Button>
      <ProblemNotice problem={problem} />
    </>
  )
}
