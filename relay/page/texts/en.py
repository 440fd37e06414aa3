"""English, which the other languages follow."""

from relay.page.texts.wording import Explained, Texts

TEXTS = Texts(
    app="App",
    chat="Chat",
    question="Your question",
    question_hint="Write a message…",
    send="Send",
    run="Run",
    run_again="Run again",
    ask_again="Ask again",
    new_chat="New chat",
    sign_out="Sign out",
    earlier="Earlier in this chat",
    dropped="Earlier turns that are no longer shown: {n}",
    inputs="What the app needs to know",
    required="required",
    at_most_characters="at most {n} characters",
    at_most_files="at most {n} files",
    json_hint="as JSON",
    choose="Choose…",
    attach="Attach files",
    file_address="or the address of a file",
    file_addresses="or addresses of files, one a line",
    suggested="Or ask one of these",
    unsent="Nothing has run yet. Check what stands here, then send it.",
    answer="Answer",
    waiting="Waiting for the answer",
    stop="Stop",
    stopped="Stopped. What was said until then stays.",
    steps="Steps",
    steps_done="Steps: {n} · {seconds}",
    step={
        "running": "running",
        "succeeded": "done",
        "failed": "failed",
        "exception": "failed, went on",
        "stopped": "stopped",
        "retry": "trying again",
        "paused": "waiting for a person",
    },
    thought="Thought",
    tool="Tool: {name}",
    sources="Sources",
    outputs="Results",
    download="Download",
    json="JSON",
    cut="Shortened here.",
    nothing_said="The app said nothing.",
    paused="A person has to decide first",
    paused_hint="The run is waiting. It goes on as soon as somebody has answered this in Dify.",
    broken_off="The answer broke off here. You can ask again.",
    no_question="Write a question first.",
    check_inputs="Something is missing or does not fit. Please look at what is marked.",
    wrong={
        "required": "Please fill this in.",
        "too_long": "That is too long: at most {n} characters.",
        "not_a_number": "That is not a number.",
        "not_an_option": "Please choose one of the options.",
        "not_json": "That is not JSON.",
        "too_many_files": "Those are too many files: at most {n}.",
        "not_a_file": "That is no address of a file: it begins with https://.",
    },
    enter_key="This page needs a key",
    key_hint="Whoever gave you this address has it.",
    key="API key",
    key_send="Continue",
    key_kept="This browser then stays signed in for 12 hours, by a cookie that does not hold the key.",
    wrong_key="That is not the right key.",
    no_key="No key has been set up yet, so nobody can come in. The owner sets it in Dify, in this endpoint’s"
    " settings,"
    " under API key.",
    no_cookie="This browser keeps no cookie for this page. Enter the key once more: it then holds until the page is"
    " closed.",
    you_can="What you can do",
    owner_can="For the owner of this endpoint",
    technical="Technical details",
    request_id="Request id",
    try_again="You can try again in {time}.",
    units={"seconds": "{n} s", "minutes": "{n} min", "hours": "{n} h"},
    unsigned=Explained(
        title="There is no page here",
        reader="This address takes only messages of a service that signs them. If you expected a page, tell whoever"
        " gave you this address.",
        owner="For a page, set Who may call to Everyone or to Whoever holds the API key.",
    ),
    errors={
        "invalid_param": Explained(
            title="Something in this request does not fit",
            reader="Check what you entered and send it again.",
            owner="The details below name the value. If a template of the endpoint’s settings made it, change that"
            " template.",
        ),
        "unauthorized": Explained(
            title="This page needs a key",
            reader="Enter the key, or ask whoever gave you this address for it.",
            owner="The key stands in the endpoint’s settings in Dify, under API key. For an open page, set Who"
            " may call"
            " to Everyone.",
        ),
        "forbidden": Explained(
            title="This is not allowed",
            reader="Open the page itself and send it from there.",
            owner="The page was called from another site. To embed it there, add that site to CORS origins.",
        ),
        "app_not_allowed": Explained(
            title="This app is not open here",
            reader="Check the address, or ask whoever gave it to you.",
            owner="Add the app’s id to Allowed apps, or choose it as Default app.",
        ),
        "app_not_found": Explained(
            title="There is no such app",
            reader="Check the address, or ask whoever gave it to you.",
            owner="The address has to name an app of this workspace by its id, and the app has to be published."
            " Without"
            " an id, the Default app runs.",
        ),
        "app_unavailable": Explained(
            title="This app can’t be used at the moment",
            reader="Try again in a few minutes. If it stays like this, tell whoever gave you this address.",
            owner="Check the endpoint’s settings and whether the app runs in Dify. The details below say"
            " what is wrong, the plugin’s log has more.",
        ),
        "not_found": Explained(
            title="There is nothing at this address",
            reader="Check the address for a typing mistake.",
            owner="The documentation lists the addresses of this endpoint.",
        ),
        "method_not_allowed": Explained(
            title="This address can’t be used like that",
            reader="Open it again from the beginning.",
            owner="The documentation says which methods each address takes.",
        ),
        "delivery_in_progress": Explained(
            title="This is being answered already",
            reader="Wait a moment, then load the page again.",
            owner="The same request came twice. Nothing needs to be changed.",
        ),
        "delivery_not_found": Explained(
            title="This delivery is not here",
            reader="It may have been deleted, or be older than is kept.",
            owner="Deliveries are kept for 24 hours.",
        ),
        "idempotency_key_reused": Explained(
            title="This was sent before, with other content",
            reader="Start anew and send it again.",
            owner="Each different request needs an Idempotency-Key of its own.",
        ),
        "answer_not_kept": Explained(
            title="This was answered before",
            reader="The answer was too long to be kept. Ask again.",
            owner="Answers that are too large are not kept for repeated requests.",
        ),
        "payload_too_large": Explained(
            title="That is too much at once",
            reader="Send less text, or smaller or fewer files.",
            owner="The details below name the limit. Some are set in Dify or in the server before it.",
        ),
        "unsupported_media_type": Explained(
            title="This kind of content can’t be read",
            reader="Send it as another kind of file or text.",
            owner="The details below say what is understood.",
        ),
        "too_many_requests": Explained(
            title="A limit has been reached",
            reader="Try again later.",
            owner="A limit was reached: of this endpoint (Limits), of Dify, or of the model.",
        ),
        "app_failed": Explained(
            title="The app could not finish",
            reader="Try again. If it fails again, tell whoever gave you this address.",
            owner="Run the app in Dify and look at its log: it or its model reported an error.",
        ),
        "app_timeout": Explained(
            title="The app took too long",
            reader="Try again, perhaps with a shorter question.",
            owner="Make the app faster, or run it with a key of its own (Keys of apps): that allows up to ten"
            " minutes.",
        ),
        "internal_error": Explained(
            title="Something went wrong here",
            reader="Try again in a moment.",
            owner="The plugin’s log has more under the request id. Please report it.",
        ),
    },
)
