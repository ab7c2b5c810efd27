import { useAction } from '../../action.ts'
import { send } from '../../api.ts'
import { Button } from '../../button.tsx'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'

const texts = defineTexts({
  nb: { again: 'Send på nytt' },
  en: { again: 'Send again' },
})

/** Begins the delivery's next run. */
export function SendAgain({ address, onSent }: { address: string; onSent: () => void }) {
  const { again } = texts.use()
  const { run, isRunning, problem } = useAction(async () => {
    await send('POST', `${address}/retry`)
    onSent()
  })
  return (
    <>
      <Button kind="primary" onClick={run} isRunning={isRunning}>
        {again}
      </Button>
      <ProblemNotice problem={problem} />
    </>
  )
}
