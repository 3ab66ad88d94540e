<?php
// An employer's program over PHP's SoapClient. It prints, as JSON, what SoapClient made of the answers (../README.md).
declare(strict_types=1);

/** SoapClient signs nothing itself, so the envelope it made goes through `esutd-bus sign` on its way out. */
final class EmployerClient extends SoapClient
{
    public function __construct(string $wsdl, private readonly bool $signs = true)
    {
        parent::__construct($wsdl, [
            'cache_wsdl' => WSDL_CACHE_NONE,
            // Without it a list of one comes as the one itself.
            'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
        ]);
    }

    public function __doRequest(
        string $request,
        string $location,
        string $action,
        int $version,
        bool $oneWay = false
    ): ?string {
        return parent::__doRequest($this->signs ? sign($request) : $request, $location, $action, $version, $oneWay);
    }
}

/** The signed envelope. The password stands in ESUTD_KEY_PASSWORD. */
function sign(string $envelope): string
{
    $command = [getenv('ESUTD_BUS'), 'sign', '/dev/stdin', '--key', getenv('KEY_P12')];
    $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], STDERR], $pipes);
    fwrite($pipes[0], $envelope);
    fclose($pipes[0]);
    $signed = stream_get_contents($pipes[1]);
    if (proc_close($process) !== 0) {
        throw new RuntimeException('esutd-bus sign failed');
    }
    return $signed;
}

function guid(): string
{
    return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex(random_bytes(16)), 4));
}

/** The day so many days from today. Dates go as text: SoapClient would write a number of seconds with a zone. */
function day(int $offset): string
{
    return (new DateTimeImmutable(getenv('TODAY')))->modify("$offset days")->format('Y-m-d');
}

function common(): array
{
    return [
        'requestHeader' => ['requestId' => guid(), 'sentAt' => date(DATE_ATOM), 'system' => 'php'],
        'employer' => ['bin' => getenv('EMPLOYER_BIN')],
    ];
}

/** Every element but `patronymic`, which is null: SoapClient leaves an optional one out. */
function wholeContract(): array
{
    return [
        'externalId' => guid(),
        'number' => 'php-' . guid(),
        'concludedOn' => day(0),
        'employee' => [
            'iin' => getenv('EMPLOYEE_IIN'),
            'surname' => 'Жолдасов',
            'name' => 'Ернар',
            'patronymic' => null,
        ],
        'startsOn' => day(1),
        'term' => ['termCode' => '2', 'endsOn' => day(800)],
        'positionCode' => '2511-1-002',
        'establishedPost' => 'Инженер <&> "Әлем"',
        'employmentTypeCode' => '2',
        'workingTime' => ['workingHoursCode' => '3', 'tariffRate' => 0.5, 'restNote' => 'Суббота, воскресенье'],
        'remoteWorkCode' => '3',
        'workPlace' => ['countryCode' => '398', 'katoCode' => '711210000', 'address' => 'г. Астана, ул. Примерная, 1'],
        'liableForMilitaryService' => false,
    ];
}

/** What is required, and signed forty days ago. */
function bareContract(): array
{
    $contract = wholeContract();
    unset($contract['workingTime'], $contract['liableForMilitaryService']);
    $contract['concludedOn'] = day(-40);
    $contract['employee'] = ['iin' => getenv('EMPLOYEE_IIN')];
    $contract['term'] = ['termCode' => '1'];
    return $contract;
}

/** A contract for a fixed term that ended yesterday. */
function endedContract(): array
{
    $contract = wholeContract();
    $contract['concludedOn'] = $contract['startsOn'] = day(-400);
    $contract['term']['endsOn'] = day(-1);
    return $contract;
}

function contractOfSeveralErrors(): array
{
    $contract = wholeContract();
    $contract['externalId'] = 'TD-17';
    $contract['number'] = null;
    $contract['positionCode'] = '9999-9-999';
    $contract['workingTime']['tariffRate'] = 1.25;
    $contract['workPlace']['katoCode'] = '000000001';
    return $contract;
}

function receipt(object $receipt): array
{
    return [
        'code' => $receipt->code,
        'dueOn' => $receipt->deadline->dueOn ?? null,
        'daysLate' => $receipt->deadline->daysLate ?? null,
        'warnings' => array_column($receipt->warning ?? [], 'code'),
    ];
}

function told(callable $call): array
{
    try {
        return ['unexpected' => $call()];
    } catch (SoapFault $fault) {
        return ['faultcode' => $fault->faultcode] + (array) ($fault->detail->RegisterFault ?? [$fault->faultstring]);
    }
}

/** The steps, in the order in which they are asked for. */
final class Employer
{
    private readonly EmployerClient $contracts;
    private readonly EmployerClient $personalFile;
    private readonly EmployerClient $cabinet;
    private string $contractId = '';
    private string $externalId = '';
    private string $extendedId = '';

    public function __construct()
    {
        $this->contracts = new EmployerClient(getenv('CONTRACTS_WSDL'));
        $this->personalFile = new EmployerClient(getenv('PERSONAL_FILE_WSDL'));
        $this->cabinet = new EmployerClient(getenv('CABINET_WSDL'));
        new SoapClient(getenv('AUTHORITY_WSDL'));
    }

    public function unsigned(): array
    {
        $client = new EmployerClient(getenv('CONTRACTS_WSDL'), signs: false);
        return told(fn () => $client->RegisterContract(common() + ['contract' => wholeContract()]));
    }

    public function registered(): array
    {
        $answer = $this->register(wholeContract());
        $this->contractId = $answer['contractId'];
        return $answer;
    }

    public function late(): array
    {
        $contract = bareContract();
        $this->externalId = $contract['externalId'];
        return $this->register($contract);
    }

    public function contract(): array
    {
        return $this->found(['contractId' => $this->contractId]);
    }

    public function bare(): array
    {
        return $this->found(['externalId' => $this->externalId]);
    }

    public function person(): array
    {
        return $this->personOf(getenv('PERSON_IIN'));
    }

    public function undocumented(): array
    {
        return $this->personOf(getenv('UNDOCUMENTED_IIN'));
    }

    public function several(): array
    {
        return told(fn () => $this->register(contractOfSeveralErrors()));
    }

    public function upstream(): array
    {
        return told(fn () => $this->personOf(getenv('REFUSED_IIN')));
    }

    public function extended(): array
    {
        $this->extendedId = $this->register(endedContract())['contractId'];
        $reference = ['contractId' => $this->extendedId];
        $answer = $this->contracts->ExtendContract(common() + [
            'contractRef' => $reference,
            'extension' => ['extendedOn' => day(-1), 'term' => ['termCode' => '2', 'endsOn' => day(400)]],
        ]);
        return [
            'registered' => $this->extendedId,
            'contractId' => $answer->contractId,
            'endsOn' => $this->found($reference)['endsOn'],
        ] + receipt($answer->receipt);
    }

    public function leave(): array
    {
        $answer = $this->contracts->RecordLeave(common() + [
            'contractRef' => ['contractId' => $this->extendedId],
            'leave' => [
                'externalId' => guid(),
                'leaveTypeCode' => '1',
                'personnelNumber' => '0042',
                'startsOn' => day(-30),
                'endsOn' => day(95),
                'firstWorkingDayOn' => day(96),
            ],
        ]);
        return ['leaveId' => $answer->leaveId] + receipt($answer->receipt);
    }

    public function search(): array
    {
        return ['one' => $this->find(getenv('EMPLOYEE_IIN')), 'none' => $this->find(getenv('NOBODYS_IIN'))];
    }

    private function find(string $iin): array
    {
        $answer = $this->contracts->FindContracts(common() + [
            'criteria' => ['employeeIin' => $iin, 'status' => 'active'],
            'page' => ['number' => 1, 'size' => 1],
        ]);
        return [
            'total' => $answer->total,
            'contracts' => array_map(
                fn ($each) => [
                    'iin' => $each->employee->iin,
                    'status' => $each->status,
                    'changedAt' => $each->changedAt,
                ],
                $answer->contract ?? []
            ),
        ];
    }

    private function register(array $contract): array
    {
        $answer = $this->contracts->RegisterContract(common() + ['contract' => $contract]);
        return ['contractId' => $answer->contractId] + receipt($answer->receipt);
    }

    private function found(array $reference): array
    {
        $answer = $this->contracts->GetContract(common() + ['contractRef' => $reference]);
        $contract = $answer->contract;
        return [
            'contractId' => $contract->contractId,
            'number' => $contract->number,
            'concludedOn' => $contract->concludedOn,
            'surname' => $contract->employee->surname ?? null,
            'patronymic' => $contract->employee->patronymic ?? null,
            'endsOn' => $contract->term->endsOn ?? null,
            'establishedPost' => $contract->establishedPost,
            'tariffRate' => $contract->workingTime->tariffRate ?? null,
            'katoCode' => $contract->workPlace->katoCode ?? null,
            'liableForMilitaryService' => $contract->liableForMilitaryService ?? null,
            'status' => $answer->status,
            'history' => array_map(
                fn ($entry) => [
                    'version' => $entry->version,
                    'event' => $entry->event,
                    'recordedBy' => $entry->recordedBy,
                ],
                $answer->history->entry
            ),
        ];
    }

    /** A portal's operation, which serves no employer. */
    public function cabinet(): array
    {
        return told(fn () => $this->cabinet->GetEmployeeContracts([
            'requestHeader' => common()['requestHeader'],
            'employee' => ['iin' => getenv('PERSON_IIN')],
            'page' => ['number' => 1, 'size' => 10],
        ]));
    }

    private function personOf(string $iin): array
    {
        $answer = $this->personalFile->GetPersonalFile(
            common() + ['employee' => ['iin' => $iin], 'purpose' => 'Приём на работу: заполнение личного дела']
        );
        return [
            'iin' => $answer->person->iin,
            'surname' => $answer->person->surname ?? null,
            'birthDate' => $answer->person->birthDate,
            'sex' => $answer->person->sex->nameKk,
            'city' => $answer->address->city ?? null,
            'documents' => array_map(
                fn ($each) => ['number' => $each->number, 'endDate' => $each->endDate ?? null],
                $answer->documents->document ?? []
            ),
        ];
    }
}

$employer = new Employer();
$outcome = [];
foreach (array_slice($argv, 1) as $step) {
    $outcome[$step] = $employer->$step();
}
echo json_encode($outcome, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
