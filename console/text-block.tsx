import { CopyButton } from './copy-button.tsx'

interface TextBlockProps {
  text: string
  /** What it is, for who does not see what stands around it. */
  what: string
}

/** A text of somebody else, shown as text, with a button that copies it. */
export function TextBlock({ text, what }: TextBlockProps) {
  return (
    <div class="text-block">
      <pre tabIndex={0} role="group" aria-label={what}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} what={what} />
    </div>
  )
}
