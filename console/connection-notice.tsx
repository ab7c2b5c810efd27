import { connection } from './api.ts'
import { defineTexts } from './language.ts'

const texts = defineTexts({
  nb: {
    lost: 'Tjenesten svarer ikke. Konsollen prøver igjen av seg selv; det du har skrevet er her fortsatt.',
  },
  en: {
    lost: 'The service does not answer. The console tries again by itself; what you have typed is still here.',
  },
})

/** Says that the API does not answer, while it does not. */
export function ConnectionNotice() {
  const { lost } = texts.use()
  const state = connection.use()
  return (
    <div role="status">
      {state === 'lost' && (
        <div class="ds-alert" data-color="warning" data-size="sm">
          {lost}
        </div>
      )}
    </div>
  )
}
