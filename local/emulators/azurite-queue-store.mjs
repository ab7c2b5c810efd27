import { Readable } from 'node:stream'
import errors from 'azurite/dist/src/queue/errors/StorageErrorFactory.js'
import { createSchedule } from './message-schedule.ts'

/**
 * Replaces where an Azurite queue server keeps its messages, before it is started. Its protocol,
 * authorization, limits and errors stay as they are.
 *
 * Azurite 3.37.0 holds the messages of all queues in one LokiJS collection and finds by scanning
 * it: with 16,000 messages held, 3 receives a second. It keeps each text apart in a second
 * collection, from which a collector deletes the unused ones every 60 s, one by one, O(n) each,
 * without yielding: after about 40,000 messages the process answers nothing for minutes.
 * @param {{ metadataStore: any, extentStore: any }} server
 */
export function replaceMessageStore({ metadataStore, extentStore }) {
  Object.assign(extentStore, { appendExtent, readExtent })
  Object.assign(metadataStore, messageMethods(metadataStore))
}

/** The text goes with the message, so nothing is left behind for the collector. */
async function appendExtent(/** @type {Buffer} */ text) {
  return { id: 'with the message', offset: 0, count: text.length, text }
}

async function readExtent(/** @type {{ text: Buffer }} */ { text }) {
  return Readable.from(text.length === 0 ? [] : [text])
}

function heldMessage(schedule, messageId, popReceipt, context) {
  const message = schedule.get(messageId, new Date())
  if (message === undefined) throw errors.default.getMessageNotFound(context?.contextID)
  if (message.popReceipt === popReceipt) return message
  throw errors.default.getPopReceiptMismatch(context?.contextID)
}

/** The names and parameters are those of Azurite's IQueueMetadataStore. */
function messageMethods(store) {
  const schedules = new Map() // `account/queue` → its messages
  const deleteQueue = store.deleteQueue.bind(store)

  const open = (account, queue, context) => {
    store.checkQueueExist(account, queue, context)
    const name = `${account}/${queue}`
    const schedule = schedules.get(name) ?? createSchedule()
    schedules.set(name, schedule)
    return schedule
  }
  return {
    async insertMessage(message, context) {
      open(message.accountName, message.queueName, context).put({ ...message })
    },
    async getMessages(account, queue, timeNextVisible, popReceipt, count, now, context) {
      const schedule = open(account, queue, context)
      return schedule.takeVisible(count ?? 1, now ?? new Date()).map((message) => {
        const dequeueCount = message.dequeueCount + 1
        schedule.put(Object.assign(message, { timeNextVisible, popReceipt, dequeueCount }))
        return { ...message }
      })
    },
    async peekMessages(account, queue, count, now, context) {
      const schedule = open(account, queue, context)
      const messages = schedule.takeVisible(count ?? 1, now ?? new Date())
      for (const message of messages) schedule.put(message)
      return messages.map((message) => ({ ...message }))
    },
    async updateMessage(update, popReceipt, context) {
      const schedule = open(update.accountName, update.queueName, context)
      const message = heldMessage(schedule, update.messageId, popReceipt, context)
      const persistency = update.persistency ?? message.persistency // no text: the text stays
      schedule.put(Object.assign(message, { ...update, persistency }))
    },
    async deleteMessage(account, queue, messageId, popReceipt, context) {
      const schedule = open(account, queue, context)
      heldMessage(schedule, messageId, popReceipt, context)
      schedule.remove(messageId)
    },
    async clearMessages(account, queue, context) {
      open(account, queue, context)
      schedules.delete(`${account}/${queue}`)
    },
    async getMessagesCount(account, queue, context) {
      return open(account, queue, context).size()
    },
    async deleteQueue(account, queue, context) {
      await deleteQueue(account, queue, context)
      schedules.delete(`${account}/${queue}`)
    },
    /** Asked only by the collector, for the texts still in use: it has none to look after. */
    async listMessages() {
      return [[], undefined]
    },
  }
}
