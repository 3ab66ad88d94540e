// An employer's program over node's `soap`. It prints, as JSON, what `soap` made of the answers (../README.md).
'use strict';

const { randomUUID } = require('node:crypto');
const { readFileSync } = require('node:fs');
const soap = require('soap');

const env = process.env;

/** The day so many days from today. Dates go as text: `soap` writes a Date object as an empty element. */
function day(offset) {
  const moment = new Date(`${env.TODAY}T00:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + offset);
  return moment.toISOString().slice(0, 10);
}

function common() {
  return {
    requestHeader: { requestId: randomUUID(), sentAt: new Date().toISOString(), system: 'node' },
    employer: { bin: env.EMPLOYER_BIN },
  };
}

/** Every element but `patronymic`, which is undefined: `soap` leaves it out (null it would write as xsi:nil). */
function wholeContract() {
  return {
    externalId: randomUUID(),
    number: `node-${randomUUID()}`,
    concludedOn: day(0),
    employee: { iin: env.EMPLOYEE_IIN, surname: 'Жолдасов', name: 'Ернар', patronymic: undefined },
    startsOn: day(1),
    term: { termCode: '2', endsOn: day(800) },
    positionCode: '2511-1-002',
    establishedPost: 'Инженер <&> "Әлем"',
    employmentTypeCode: '2',
    workingTime: { workingHoursCode: '3', tariffRate: 0.5, restNote: 'Суббота, воскресенье' },
    remoteWorkCode: '3',
    workPlace: { countryCode: '398', katoCode: '711210000', address: 'г. Астана, ул. Примерная, 1' },
    liableForMilitaryService: false,
  };
}

/** What is required, and signed forty days ago. */
function bareContract() {
  const { workingTime, liableForMilitaryService, ...contract } = wholeContract();
  return {
    ...contract,
    concludedOn: day(-40),
    employee: { iin: env.EMPLOYEE_IIN },
    term: { termCode: '1' },
  };
}

/** A contract for a fixed term that ended yesterday. */
function endedContract() {
  return {
    ...wholeContract(),
    concludedOn: day(-400),
    startsOn: day(-400),
    term: { termCode: '2', endsOn: day(-1) },
  };
}

function contractOfSeveralErrors() {
  const contract = wholeContract();
  contract.externalId = 'TD-17';
  contract.number = null;
  contract.positionCode = '9999-9-999';
  contract.workingTime.tariffRate = 1.25;
  contract.workPlace.katoCode = '000000001';
  return contract;
}

/**
 * `soap`'s own signature. By itself it would name one transform too many, give the Body a plain Id, and sign a
 * Timestamp too, where the service wants exclusive canonical form alone, wsu:Id, and one reference.
 */
function signature() {
  return new soap.WSSecurityCert(readFileSync(env.KEY_PEM), readFileSync(env.CERTIFICATE_PEM, 'utf8'), '', {
    signatureTransformations: ['http://www.w3.org/2001/10/xml-exc-c14n#'],
    signerOptions: { idMode: 'wssecurity' },
    hasTimeStamp: false,
  });
}

async function client(url) {
  const made = await soap.createClientAsync(url);
  made.setSecurity(signature());
  return made;
}

/** Elements that repeat come as a list where `soap` knows the type, and in a fault as they happen to be. */
const list = (value) => (value === undefined || value === null ? [] : [].concat(value));

function receipt({ code, deadline, warning }) {
  return {
    code,
    dueOn: deadline?.dueOn,
    daysLate: deadline?.daysLate,
    warnings: list(warning).map((each) => each.code),
  };
}

async function told(call) {
  try {
    return { unexpected: await call() };
  } catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault;
    if (!fault) throw error;
    const { error: errors, ...detail } = fault.detail.RegisterFault;
    return { faultcode: fault.faultcode, ...detail, error: list(errors) };
  }
}

const state = {};
const clients = {};

async function contract(reference) {
  const [answer] = await clients.contracts.GetContractAsync({ ...common(), contractRef: reference });
  const found = answer.contract;
  return {
    contractId: found.contractId,
    number: found.number,
    concludedOn: found.concludedOn,
    surname: found.employee.surname,
    patronymic: found.employee.patronymic,
    endsOn: found.term.endsOn,
    establishedPost: found.establishedPost,
    tariffRate: found.workingTime?.tariffRate,
    katoCode: found.workPlace.katoCode,
    liableForMilitaryService: found.liableForMilitaryService,
    status: answer.status,
    history: list(answer.history.entry).map(({ version, event, recordedBy }) => ({ version, event, recordedBy })),
  };
}

async function person(iin) {
  const [answer] = await clients.personalFile.GetPersonalFileAsync({
    ...common(),
    employee: { iin },
    purpose: 'Приём на работу: заполнение личного дела',
  });
  return {
    iin: answer.person.iin,
    surname: answer.person.surname,
    birthDate: answer.person.birthDate,
    sex: answer.person.sex.nameKk,
    city: answer.address?.city,
    documents: list(answer.documents?.document).map(({ number, endDate }) => ({ number, endDate })),
  };
}

async function register(contract) {
  const [answer] = await clients.contracts.RegisterContractAsync({ ...common(), contract });
  return { contractId: answer.contractId, ...receipt(answer.receipt) };
}

/** A portal's operation, which serves no employer. */
async function cabinet(iin) {
  const { requestHeader } = common();
  const [answer] = await clients.cabinet.GetEmployeeContractsAsync({
    requestHeader, employee: { iin }, page: { number: 1, size: 10 },
  });
  return answer;
}

async function search(iin) {
  const [answer] = await clients.contracts.FindContractsAsync({
    ...common(),
    criteria: { employeeIin: iin, status: 'active' },
    page: { number: 1, size: 1 },
  });
  return {
    total: answer.total,
    contracts: list(answer.contract).map(({ employee, status, changedAt }) => ({ iin: employee.iin, status, changedAt })),
  };
}

const steps = {
  async unsigned() {
    const unsigned = await soap.createClientAsync(env.CONTRACTS_WSDL);
    return told(() => unsigned.RegisterContractAsync({ ...common(), contract: wholeContract() }));
  },
  async registered() {
    const answer = await register(wholeContract());
    state.contractId = answer.contractId;
    return answer;
  },
  async late() {
    const sent = bareContract();
    state.externalId = sent.externalId;
    return register(sent);
  },
  async extended() {
    const { contractId: registered } = await register(endedContract());
    state.extendedId = registered;
    const [answer] = await clients.contracts.ExtendContractAsync({
      ...common(),
      contractRef: { contractId: registered },
      extension: { extendedOn: day(-1), term: { termCode: '2', endsOn: day(400) } },
    });
    const { endsOn } = await contract({ contractId: registered });
    return { registered, contractId: answer.contractId, endsOn, ...receipt(answer.receipt) };
  },
  async leave() {
    const [answer] = await clients.contracts.RecordLeaveAsync({
      ...common(),
      contractRef: { contractId: state.extendedId },
      leave: {
        externalId: randomUUID(),
        leaveTypeCode: '1',
        personnelNumber: '0042',
        startsOn: day(-30),
        endsOn: day(95),
        firstWorkingDayOn: day(96),
      },
    });
    return { leaveId: answer.leaveId, ...receipt(answer.receipt) };
  },
  search: async () => ({ one: await search(env.EMPLOYEE_IIN), none: await search(env.NOBODYS_IIN) }),
  contract: () => contract({ contractId: state.contractId }),
  bare: () => contract({ externalId: state.externalId }),
  person: () => person(env.PERSON_IIN),
  cabinet: () => told(() => cabinet(env.PERSON_IIN)),
  undocumented: () => person(env.UNDOCUMENTED_IIN),
  several: () => told(() => register(contractOfSeveralErrors())),
  upstream: () => told(() => person(env.REFUSED_IIN)),
};

async function main() {
  clients.contracts = await client(env.CONTRACTS_WSDL);
  clients.personalFile = await client(env.PERSONAL_FILE_WSDL);
  clients.cabinet = await client(env.CABINET_WSDL);
  await client(env.AUTHORITY_WSDL);
  const outcome = {};
  for (const step of process.argv.slice(2)) outcome[step] = await steps[step]();
  process.stdout.write(JSON.stringify(outcome));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n${JSON.stringify(error.root?.Envelope?.Body)}\n`);
  process.exitCode = 1;
});
