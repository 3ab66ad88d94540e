// A program that calls by the bus: it imports both channels, sends DOCUMENT by the synchronous one, and prints as JSON
// what `soap` made of the answer and which operations it knows (../README.md).
'use strict';

const { readFileSync } = require('node:fs');
const soap = require('soap');

const env = process.env;

function request(serviceId, data, more) {
  const requestInfo = {
    messageId: 'node',
    ...(more ? { correlationId: 'chain' } : {}),
    serviceId,
    messageDate: new Date().toISOString(),
    sender: { senderId: 'node' },
    ...(more ? { sessionId: env.SESSION } : {}),
  };
  return { request: { requestInfo, requestData: { data } } };
}

async function main() {
  const sync = await soap.createClientAsync(env.SYNC_WSDL);
  const async_ = await soap.createClientAsync(env.ASYNC_WSDL);
  const document = readFileSync(env.DOCUMENT, 'utf8');
  const [answer] = await sync.SendMessageAsync(request('EmploymentContracts', document, true));
  const { status, correlationId, sessionId } = answer.response.responseInfo;
  const fault = await sync.SendMessageAsync(request('Nobody', '<a/>', false)).catch((error) => error);
  const detail = fault.root.Envelope.Body.Fault.detail.SendMessageFault1_SendMessageFault;
  const [service] = Object.values(async_.describe());
  const [port] = Object.values(service);
  process.stdout.write(
    JSON.stringify({ code: status.code, correlationId, sessionId, error: detail.errorCode, operations: Object.keys(port) }),
  );
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
