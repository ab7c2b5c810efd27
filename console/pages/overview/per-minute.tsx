import { defineTexts } from '../../language.ts'

const texts = defineTexts({
  nb: {
    sentence: (sum: string, max: number) =>
      `${sum} hendelser siste time, på det meste ${max} i minuttet`,
  },
  en: {
    sentence: (sum: string, max: number) =>
      `${sum} events in the last hour, at most ${max} a minute`,
  },
})

interface PerMinuteProps {
  perMinute: { at: string; count: number }[]
  isComplete: boolean
}

const HEIGHT = 40

/** How many events were accepted in each of the last minutes: a sentence, and bars beside it. */
export function PerMinute({ perMinute, isComplete }: PerMinuteProps) {
  const { sentence } = texts.use()
  const sum = perMinute.reduce((total, { count }) => total + count, 0)
  const max = Math.max(0, ...perMinute.map(({ count }) => count))
  return (
    <div class="row">
      <svg
        class="per-minute"
        viewBox={`0 0 ${perMinute.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {perMinute.map(({ at, count }, index) => {
          const height = max === 0 ? 0 : (count / max) * HEIGHT
          return <rect key={at} x={index} y={HEIGHT - height} width={0.8} height={height} />
        })}
      </svg>
      <span>{sentence(isComplete ? String(sum) : `${sum}+`, max)}</span>
    </div>
  )
}
