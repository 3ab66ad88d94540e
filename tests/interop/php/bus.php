<?php
// A program that calls by the bus: it imports both channels, sends DOCUMENT by the synchronous one, and prints as JSON
// what SoapClient made of the answer and which operations it knows (../README.md).
declare(strict_types=1);

$options = ['cache_wsdl' => WSDL_CACHE_NONE];
$sync = new SoapClient(getenv('SYNC_WSDL'), $options);
$async = new SoapClient(getenv('ASYNC_WSDL'), $options);

$response = $sync->SendMessage(['request' => [
    'requestInfo' => [
        'messageId' => 'php',
        'correlationId' => 'chain',
        'serviceId' => 'EmploymentContracts',
        'messageDate' => date(DATE_ATOM),
        'sender' => ['senderId' => 'php'],
        'sessionId' => getenv('SESSION'),
    ],
    // Of xs:anyType SoapClient makes escaped text, with xsi:type="xsd:string".
    'requestData' => ['data' => file_get_contents(getenv('DOCUMENT'))],
]])->response;

try {
    $sync->SendMessage(['request' => [
        'requestInfo' => [
            'messageId' => 'php',
            'serviceId' => 'Nobody',
            'messageDate' => date(DATE_ATOM),
            'sender' => ['senderId' => 'php'],
        ],
        'requestData' => ['data' => '<a/>'],
    ]]);
} catch (SoapFault $fault) {
    $error = $fault->detail->SendMessageFault1_SendMessageFault->errorCode;
}

echo json_encode([
    'code' => $response->responseInfo->status->code,
    'correlationId' => $response->responseInfo->correlationId,
    'sessionId' => $response->responseInfo->sessionId,
    'error' => $error,
    'operations' => array_map(
        fn (string $function): string => preg_replace('/^\S+ (\w+)\(.*$/s', '$1', $function),
        $async->__getFunctions(),
    ),
]);
