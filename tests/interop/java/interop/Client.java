package interop;

import bus.esutd.cabinet.v1.Cabinet;
import bus.esutd.cabinet.v1.CabinetPortType;
import bus.esutd.cabinet.v1.GetEmployeeContracts;
import bus.esutd.authority.v1.Authority;
import bus.esutd.common.v1.ContractRef;
import bus.esutd.common.v1.Employer;
import bus.esutd.common.v1.Receipt;
import bus.esutd.common.v1.RequestHeader;
import bus.esutd.common.v1.Warning;
import bus.esutd.contracts.v1.Contract;
import bus.esutd.contracts.v1.ContractStatus;
import bus.esutd.contracts.v1.Criteria;
import bus.esutd.contracts.v1.Employee;
import bus.esutd.contracts.v1.EmploymentContracts;
import bus.esutd.contracts.v1.EmploymentContractsPortType;
import bus.esutd.contracts.v1.ExtendContract;
import bus.esutd.contracts.v1.ExtendContractResponse;
import bus.esutd.contracts.v1.Extension;
import bus.esutd.contracts.v1.FindContracts;
import bus.esutd.contracts.v1.FindContractsResponse;
import bus.esutd.contracts.v1.FoundContract;
import bus.esutd.contracts.v1.GetContract;
import bus.esutd.contracts.v1.GetContractResponse;
import bus.esutd.contracts.v1.Leave;
import bus.esutd.contracts.v1.Page;
import bus.esutd.contracts.v1.RecordLeave;
import bus.esutd.contracts.v1.RecordLeaveResponse;
import bus.esutd.contracts.v1.RegisterContract;
import bus.esutd.contracts.v1.RegisterContractResponse;
import bus.esutd.contracts.v1.RegisteredContract;
import bus.esutd.contracts.v1.Term;
import bus.esutd.contracts.v1.WorkPlace;
import bus.esutd.contracts.v1.WorkingTime;
import bus.esutd.personal_file.v1.Document;
import bus.esutd.personal_file.v1.EmployeeRef;
import bus.esutd.personal_file.v1.GetPersonalFile;
import bus.esutd.personal_file.v1.GetPersonalFileResponse;
import bus.esutd.personal_file.v1.PersonalFile;
import bus.esutd.personal_file.v1.PersonalFilePortType;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.xml.datatype.DatatypeFactory;
import javax.xml.datatype.XMLGregorianCalendar;
import javax.xml.ws.BindingProvider;

/** An employer's program over JAX-WS. It prints, as JSON, what the generated classes made of the answers. */
public final class Client {
    private static final LocalDate TODAY = LocalDate.parse(System.getenv("TODAY"));
    private static final DatatypeFactory XML = DatatypeFactory.newDefaultInstance();

    private final EmploymentContracts contractsService =
            new EmploymentContracts(new URL(System.getenv("CONTRACTS_WSDL")));
    private final EmploymentContractsPortType contracts;
    private final PersonalFilePortType personalFile;
    private final CabinetPortType cabinet;
    private String contractId;
    private String externalId;
    private String extendedId;

    private Client() throws Exception {
        new Authority(new URL(System.getenv("AUTHORITY_WSDL"))).getAuthorityPort();
        var personalFileService = new PersonalFile(new URL(System.getenv("PERSONAL_FILE_WSDL")));
        contracts = signing(contractsService.getEmploymentContractsPort());
        personalFile = signing(personalFileService.getPersonalFilePort());
        cabinet = signing(new Cabinet(new URL(System.getenv("CABINET_WSDL"))).getCabinetPort());
    }

    public static void main(String[] steps) throws Exception {
        var client = new Client();
        Map<String, Object> outcome = new LinkedHashMap<>();
        for (String step : steps) {
            outcome.put(step, client.outcome(step));
        }
        new PrintStream(System.out, true, StandardCharsets.UTF_8).print(Json.of(outcome));
    }

    private Object outcome(String step) throws Exception {
        return switch (step) {
            case "unsigned" -> told(() -> register(contractsService.getEmploymentContractsPort(), wholeContract()));
            case "registered" -> {
                RegisterContractResponse answer = register(contracts, wholeContract());
                contractId = answer.getContractId();
                yield receipt("contractId", answer.getContractId(), answer.getReceipt());
            }
            case "late" -> {
                Contract sent = bareContract();
                externalId = sent.getExternalId();
                RegisterContractResponse answer = register(contracts, sent);
                yield receipt("contractId", answer.getContractId(), answer.getReceipt());
            }
            case "contract" -> {
                var reference = new ContractRef();
                reference.setContractId(contractId);
                yield found(reference);
            }
            case "bare" -> {
                var reference = new ContractRef();
                reference.setExternalId(externalId);
                yield found(reference);
            }
            case "extended" -> extended();
            case "leave" -> leave();
            case "search" -> Map.of(
                    "one", search(System.getenv("EMPLOYEE_IIN")), "none", search(System.getenv("NOBODYS_IIN")));
            case "person" -> person(System.getenv("PERSON_IIN"));
            case "cabinet" -> told(() -> cabinetOf(System.getenv("PERSON_IIN")));
            case "undocumented" -> person(System.getenv("UNDOCUMENTED_IIN"));
            case "several" -> told(() -> register(contracts, contractOfSeveralErrors()));
            case "upstream" -> told(() -> person(System.getenv("REFUSED_IIN")));
            default -> throw new IllegalArgumentException(step);
        };
    }

    private static <P> P signing(P port) throws Exception {
        var binding = ((BindingProvider) port).getBinding();
        var signature = new BodySignature(
                Path.of(System.getenv("KEY_P12")), System.getenv("ESUTD_KEY_PASSWORD").toCharArray());
        binding.setHandlerChain(List.of(signature));
        return port;
    }

    private static RequestHeader header() {
        var header = new RequestHeader();
        header.setRequestId(UUID.randomUUID().toString());
        header.setSentAt(XML.newXMLGregorianCalendar(OffsetDateTime.now().toString()));
        header.setSystem("java");
        return header;
    }

    private static Employer employer() {
        var employer = new Employer();
        employer.setBin(System.getenv("EMPLOYER_BIN"));
        return employer;
    }

    /** From the text, so that the calendar has no zone: a date with one is refused. */
    private static XMLGregorianCalendar day(int offset) {
        return XML.newXMLGregorianCalendar(TODAY.plusDays(offset).toString());
    }

    /** Every element but `patronymic`, which stays null. */
    private static Contract wholeContract() {
        var employee = new Employee();
        employee.setIin(System.getenv("EMPLOYEE_IIN"));
        employee.setSurname("Жолдасов");
        employee.setName("Ернар");
        employee.setPatronymic(null);
        var term = new Term();
        term.setTermCode("2");
        term.setEndsOn(day(800));
        var workingTime = new WorkingTime();
        workingTime.setWorkingHoursCode("3");
        workingTime.setTariffRate(new BigDecimal("0.5"));
        workingTime.setRestNote("Суббота, воскресенье");
        var workPlace = new WorkPlace();
        workPlace.setCountryCode("398");
        workPlace.setKatoCode("711210000");
        workPlace.setAddress("г. Астана, ул. Примерная, 1");
        var contract = new Contract();
        contract.setExternalId(UUID.randomUUID().toString());
        contract.setNumber("java-" + UUID.randomUUID());
        contract.setConcludedOn(day(0));
        contract.setEmployee(employee);
        contract.setStartsOn(day(1));
        contract.setTerm(term);
        contract.setPositionCode("2511-1-002");
        contract.setEstablishedPost("Инженер <&> \"Әлем\"");
        contract.setEmploymentTypeCode("2");
        contract.setWorkingTime(workingTime);
        contract.setRemoteWorkCode("3");
        contract.setWorkPlace(workPlace);
        contract.setLiableForMilitaryService(false);
        return contract;
    }

    /** What is required, and signed forty days ago. */
    private static Contract bareContract() {
        Contract contract = wholeContract();
        var employee = new Employee();
        employee.setIin(System.getenv("EMPLOYEE_IIN"));
        var term = new Term();
        term.setTermCode("1");
        contract.setConcludedOn(day(-40));
        contract.setEmployee(employee);
        contract.setTerm(term);
        contract.setWorkingTime(null);
        contract.setLiableForMilitaryService(null);
        return contract;
    }

    private static Contract contractOfSeveralErrors() {
        Contract contract = wholeContract();
        contract.setExternalId("TD-17");
        contract.setNumber(null);
        contract.setPositionCode("9999-9-999");
        contract.getWorkingTime().setTariffRate(new BigDecimal("1.25"));
        contract.getWorkPlace().setKatoCode("000000001");
        return contract;
    }

    private static RegisterContractResponse register(EmploymentContractsPortType port, Contract contract)
            throws bus.esutd.contracts.v1.RegisterFault {
        var request = new RegisterContract();
        request.setRequestHeader(header());
        request.setEmployer(employer());
        request.setContract(contract);
        return port.registerContract(request);
    }

    private static Map<String, Object> receipt(String name, String id, Receipt receipt) {
        var deadline = receipt.getDeadline();
        Map<String, Object> told = new LinkedHashMap<>();
        told.put(name, id);
        told.put("code", receipt.getCode());
        told.put("dueOn", deadline == null ? null : deadline.getDueOn());
        told.put("daysLate", deadline == null ? null : deadline.getDaysLate());
        told.put("warnings", receipt.getWarning().stream().map(Warning::getCode).toList());
        return told;
    }

    private static ContractRef reference(String contractId) {
        var reference = new ContractRef();
        reference.setContractId(contractId);
        return reference;
    }

    /** A contract for a fixed term that ended yesterday, and its extension. */
    private Map<String, Object> extended() throws bus.esutd.contracts.v1.RegisterFault {
        Contract ended = wholeContract();
        ended.setConcludedOn(day(-400));
        ended.setStartsOn(day(-400));
        ended.getTerm().setEndsOn(day(-1));
        extendedId = register(contracts, ended).getContractId();
        var term = new Term();
        term.setTermCode("2");
        term.setEndsOn(day(400));
        var extension = new Extension();
        extension.setExtendedOn(day(-1));
        extension.setTerm(term);
        var request = new ExtendContract();
        request.setRequestHeader(header());
        request.setEmployer(employer());
        request.setContractRef(reference(extendedId));
        request.setExtension(extension);
        ExtendContractResponse answer = contracts.extendContract(request);
        Map<String, Object> told = receipt("contractId", answer.getContractId(), answer.getReceipt());
        told.put("registered", extendedId);
        told.put("endsOn", found(reference(extendedId)).get("endsOn"));
        return told;
    }

    private Map<String, Object> leave() throws bus.esutd.contracts.v1.RegisterFault {
        var leave = new Leave();
        leave.setExternalId(UUID.randomUUID().toString());
        leave.setLeaveTypeCode("1");
        leave.setPersonnelNumber("0042");
        leave.setStartsOn(day(-30));
        leave.setEndsOn(day(95));
        leave.setFirstWorkingDayOn(day(96));
        var request = new RecordLeave();
        request.setRequestHeader(header());
        request.setEmployer(employer());
        request.setContractRef(reference(extendedId));
        request.setLeave(leave);
        RecordLeaveResponse answer = contracts.recordLeave(request);
        return receipt("leaveId", answer.getLeaveId(), answer.getReceipt());
    }

    private Map<String, Object> search(String iin) throws bus.esutd.contracts.v1.RegisterFault {
        var criteria = new Criteria();
        criteria.setEmployeeIin(iin);
        criteria.setStatus(ContractStatus.ACTIVE);
        var page = new Page();
        page.setNumber(1);
        page.setSize(1);
        var request = new FindContracts();
        request.setRequestHeader(header());
        request.setEmployer(employer());
        request.setCriteria(criteria);
        request.setPage(page);
        FindContractsResponse answer = contracts.findContracts(request);
        List<Object> found = new ArrayList<>();
        for (FoundContract each : answer.getContract()) {
            found.add(Map.of(
                    "iin", each.getEmployee().getIin(),
                    "status", each.getStatus().value(),
                    "changedAt", each.getChangedAt()));
        }
        return Map.of("total", answer.getTotal(), "contracts", found);
    }

    private Map<String, Object> found(ContractRef reference) throws bus.esutd.contracts.v1.RegisterFault {
        var request = new GetContract();
        request.setRequestHeader(header());
        request.setEmployer(employer());
        request.setContractRef(reference);
        GetContractResponse answer = contracts.getContract(request);
        RegisteredContract contract = answer.getContract();
        WorkingTime workingTime = contract.getWorkingTime();
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("contractId", contract.getContractId());
        told.put("number", contract.getNumber());
        told.put("concludedOn", contract.getConcludedOn());
        told.put("surname", contract.getEmployee().getSurname());
        told.put("patronymic", contract.getEmployee().getPatronymic());
        told.put("endsOn", contract.getTerm().getEndsOn());
        told.put("establishedPost", contract.getEstablishedPost());
        told.put("tariffRate", workingTime == null ? null : workingTime.getTariffRate());
        told.put("katoCode", contract.getWorkPlace().getKatoCode());
        told.put("liableForMilitaryService", contract.isLiableForMilitaryService());
        told.put("status", answer.getStatus().value());
        List<Object> history = new ArrayList<>();
        for (var entry : answer.getHistory().getEntry()) {
            history.add(Map.of(
                    "version", entry.getVersion(),
                    "event", entry.getEvent().value(),
                    "recordedBy", entry.getRecordedBy()));
        }
        told.put("history", history);
        return told;
    }

    private Map<String, Object> person(String iin) throws bus.esutd.personal_file.v1.RegisterFault {
        var employee = new EmployeeRef();
        employee.setIin(iin);
        var request = new GetPersonalFile();
        request.setRequestHeader(header());
        request.setEmployer(employer());
        request.setEmployee(employee);
        request.setPurpose("Приём на работу: заполнение личного дела");
        GetPersonalFileResponse answer = personalFile.getPersonalFile(request);
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("iin", answer.getPerson().getIin());
        told.put("surname", answer.getPerson().getSurname());
        told.put("birthDate", answer.getPerson().getBirthDate());
        told.put("sex", answer.getPerson().getSex().getNameKk());
        told.put("city", answer.getAddress() == null ? null : answer.getAddress().getCity());
        List<Object> documents = new ArrayList<>();
        if (answer.getDocuments() != null) {
            for (Document each : answer.getDocuments().getDocument()) {
                documents.add(Map.of("number", each.getNumber(), "endDate", each.getEndDate()));
            }
        }
        told.put("documents", documents);
        return told;
    }

    /** A portal's operation, which serves no employer. */
    private Object cabinetOf(String iin) throws bus.esutd.cabinet.v1.RegisterFault {
        var employee = new bus.esutd.cabinet.v1.EmployeeRef();
        employee.setIin(iin);
        var page = new bus.esutd.cabinet.v1.Page();
        page.setNumber(1);
        page.setSize(10);
        var request = new GetEmployeeContracts();
        request.setRequestHeader(header());
        request.setEmployee(employee);
        request.setPage(page);
        return cabinet.getEmployeeContracts(request).getTotal();
    }

    private interface Call {
        Object make() throws Exception;
    }

    /** The fault of a call: a checked exception of the service's own, with the detail as an object. */
    private static Object told(Call call) throws Exception {
        try {
            return Map.of("unexpected", call.make());
        } catch (bus.esutd.contracts.v1.RegisterFault fault) {
            return told(fault.getFaultInfo());
        } catch (bus.esutd.personal_file.v1.RegisterFault fault) {
            return told(fault.getFaultInfo());
        } catch (bus.esutd.cabinet.v1.RegisterFault fault) {
            return told(fault.getFaultInfo());
        }
    }

    private static Map<String, Object> told(bus.esutd.common.v1.RegisterFault fault) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("correlationId", fault.getCorrelationId());
        told.put("requestId", fault.getRequestId());
        List<Object> errors = new ArrayList<>();
        for (bus.esutd.common.v1.Error each : fault.getError()) {
            Map<String, Object> error = new LinkedHashMap<>();
            error.put("code", each.getCode());
            error.put("reason", each.getReason());
            error.put("field", each.getField());
            error.put("messageRu", each.getMessageRu());
            error.put("messageKk", each.getMessageKk());
            error.put("messageEn", each.getMessageEn());
            error.put("upstreamCode", each.getUpstreamCode());
            error.put("upstreamMessage", each.getUpstreamMessage());
            errors.add(error);
        }
        told.put("error", errors);
        return told;
    }
}
