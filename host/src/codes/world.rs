//! Codes of calls to other systems, of requests, and of the command.

use super::Code;
use super::Example::{Script, Situation};

pub(super) const CODES: &[Code] = &[
    Code {
        code: "E_URL",
        meaning: "What should be an address is none: it begins with http:// or https://, has a host, and no line break.",
        example: Script("x = GET \"ftp://example.com/\"\n"),
        cure: "Check how the address is put together.",
    },
    Code {
        code: "E_URL_HOST",
        meaning: "The host of an address is data. A caller could send the script's secrets anywhere.",
        example: Script("WEBHOOK \"test\", OPEN\nx = GET body.url\n"),
        cure: "Write scheme and host in the script, up to the / behind it; or allow the origin with allow_net.",
    },
    Code {
        code: "E_URL_SEGMENT",
        meaning: "A value makes a part of the path empty, . or .., so that another path would be called than is written.",
        example: Script("WEBHOOK \"test\", OPEN\nx = GET \"https://api.example.com/parts/\" + body.dots + \"/stock\"\n"),
        cure: "Check the value first.",
    },
    Code {
        code: "E_NET",
        meaning: "The address may not be called: it is in a private network, or its origin is not allowed.",
        example: Script("x = GET \"http://127.0.0.1:9/\"\n"),
        cure: "Allow it with --allow-net HOST:PORT, or allow_net in gbvm.toml.",
    },
    Code {
        code: "E_HTTP",
        meaning: "A call got no usable answer: no connection, a time-out, or 408, 425, 429 or 5xx after all tries.",
        example: Situation("x = GET \"https://crm.example.com/contacts\" while that system is down."),
        cure: "A call that stands as a statement is kept and tried again later. For one whose answer is used, decide in the script: ON ERROR RESUME NEXT.",
    },
    Code {
        code: "E_HTTP_STATUS",
        meaning: "A field of an answer is read that is not 2xx. Its body is no record, but a refusal.",
        example: Situation("x = POST url, order, then PRINT x.id, while the other system answers 422."),
        cure: "Look first: IF x.ok THEN … ELSE PRINT x.status, x.body.",
    },
    Code {
        code: "E_HEADER_VALUE",
        meaning: "A header's name or value cannot be sent: a line break in it, a name that is data, or one that belongs to the connection.",
        example: Script("SET HEADER \"Host\", \"example.com\"\n"),
        cure: "Write the name in the script, and take line breaks out of the value.",
    },
    Code {
        code: "E_MAIL_HEADER",
        meaning: "A recipient is not exactly one address, or the subject has a line break.",
        example: Situation("SEND MAIL \"no address\", \"s\", \"b\": the mail becomes a dead letter with this code."),
        cure: "Give several recipients as an array; take line breaks out: REPLACE(subject, \"\\n\", \" \").",
    },
    Code {
        code: "E_ENV",
        meaning: "The script asks for an environment variable that the project does not let it read.",
        example: Script("PRINT ENV(\"HOME\")\n"),
        cure: "Add it to allow_env in gbvm.toml, if it is meant to be read.",
    },
    Code {
        code: "E_PARAM",
        meaning: "An input is not of the type that the script's PARAM declares. A caller of a webhook got the answer 400.",
        example: Situation("PARAM quantity AS INTEGER, started with --param quantity=many."),
        cure: "Give a value of the type; gbvm help and the script's name lists its inputs.",
    },
    Code {
        code: "E_SIGNATURE",
        meaning: "A request is not signed as the webhook's SCHEME wants it. The caller got the answer 401.",
        example: Situation("A request to a webhook with SCHEME \"github\" that has no X-Hub-Signature-256."),
        cure: "Compare the secret on both sides; it signs the body as it is sent, byte for byte.",
    },
    Code {
        code: "E_BODY",
        meaning: "The body of a request is neither JSON nor a form nor text.",
        example: Situation("A picture sent to a webhook."),
        cure: "Let the caller send JSON. It got the answer 400.",
    },
    Code {
        code: "E_BODY_TOO_LARGE",
        meaning: "The body of a request has more than 1 MiB. It got the answer 413.",
        example: Situation("A whole catalogue in one request."),
        cure: "Let the caller send it in parts.",
    },
    Code {
        code: "E_BODY_TIMEOUT",
        meaning: "The body of a request did not arrive in time. It got the answer 408.",
        example: Situation("A caller that stops in the middle."),
        cure: "None is needed here; the caller may try again.",
    },
    Code {
        code: "E_BODY_BROKEN",
        meaning: "The body of a request ended before it was complete. It got the answer 400.",
        example: Situation("A connection that broke."),
        cure: "None is needed here; the caller may try again.",
    },
    Code {
        code: "E_HEADERS",
        meaning: "The headers of a request contradict one another, or are none. It got the answer 400.",
        example: Situation("A request with two headers of the same meaning, such as X-A and X_A."),
        cure: "Let the caller send each header once.",
    },
    Code {
        code: "E_HEADERS_TOO_LARGE",
        meaning: "A request has too many headers, or too long ones. It got the answer 431.",
        example: Situation("A request with a hundred cookies."),
        cure: "Let the caller send what is needed only.",
    },
    Code {
        code: "E_NO_ENDPOINT",
        meaning: "No loaded script declares the webhook that was called. The caller got 404.",
        example: Situation("POST /webhook/ordres where the script says WEBHOOK \"orders\"."),
        cure: "Compare the names; gbvm serve lists its webhooks when it starts.",
    },
    Code {
        code: "E_BUSY",
        meaning: "More requests wait than may wait. The caller got 503 and may try again.",
        example: Situation("Thousands of webhooks in one second."),
        cure: "Keep webhooks short: let them store what came, and let a trigger do the work.",
    },
    Code {
        code: "E_INTERNAL",
        meaning: "The server failed while it handled a request. The caller got 500.",
        example: Situation("A mistake of gbvm."),
        cure: "The log says more; report it.",
    },
    Code {
        code: "E_FILE",
        meaning: "A file cannot be read.",
        example: Situation("gbvm check -o json absent.bas"),
        cure: "Check the path and its permissions; scripts are UTF-8.",
    },
];
