import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOrganisationNumber } from '../../shared/register/organisation-number.ts'

test('an organisation number has nine digits, of which the last checks the others', () => {
  const right = ['991825827', '974761076', '991234500', '312345676'] // the third is checked by 0
  for (const number of right) assert.ok(isOrganisationNumber(number), number)
  const wrong = ['991825828', '919825827', '912345671', '912345670'] // of the last two no check digit is right
  wrong.push('99182582', '9918258270', '', ' 991825827', '99182582७', '-91825827', '991825827\n')
  for (const number of wrong) assert.ok(!isOrganisationNumber(number), number)
})
