// The inline constraints of route templates: {id:int}, {name:length(2,5)}. One that is not here is a fault at the start.
// https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
type Check = (value: string) => boolean

const is = (pattern: RegExp) => (): Check => (value) => pattern.test(value)
const fits =
  (size: (value: string) => number, test: (size: number, a: number, b: number) => boolean) =>
  (args: string): Check => {
    const [a = NaN, b = a] = args.split(',').map(Number)
    return (value) => test(size(value), a, b)
  }
const between = (size: number, a: number, b: number) => size >= a && size <= b
const atLeast = (size: number, a: number) => size >= a
const atMost = (size: number, a: number) => size <= a
const characters = (value: string) => value.length

/** Makes the check of a constraint from its arguments. */
export const constraints = new Map<string, (args: string) => Check>([
  ['int', is(/^[-+]?\d{1,10}$/)],
  ['long', is(/^[-+]?\d{1,19}$/)],
  ['bool', is(/^(true|false)$/i)],
  ['alpha', is(/^[a-z]*$/i)],
  ['guid', is(/^[\da-f]{8}(-?[\da-f]{4}){3}-?[\da-f]{12}$/i)],
  ['regex', (source) => is(new RegExp(source, 'i'))()],
  ['length', fits(characters, between)],
  ['minlength', fits(characters, atLeast)],
  ['maxlength', fits(characters, atMost)],
  ['min', fits(Number, atLeast)],
  ['max', fits(Number, atMost)],
  ['range', fits(Number, between)],
])
