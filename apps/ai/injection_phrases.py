"""The phrases by which posts speak to a model, Russian and English, by why they are told.

Each asks for an order and for what only a model has. Blanks in a pattern are blanks of any kind, as many as a text may
have in a row: the reader leaves one of each run. Nothing else in a pattern may run on from every place of a text.
"""

from __future__ import annotations

import re

MODEL_RU = (
    "(?:нейросет[ьи]|искусственн\\w+ интеллект|ии|языков\\w+ модел\\w+|модель|чат-?бот|бот|ассистент|chatgpt|gpt|llm)"
)
# A bare "model" or "bot" may be a car or a help line.
SURELY_RU = "(?:нейросет\\w+|искусственн\\w+ интеллект\\w*|ии|языков\\w+ модел\\w+|chatgpt|gpt|llm)"
MODEL_EN = "(?:ai|a\\.i\\.|llm|language model|chat-?bot|bot|assistant|chatgpt|gpt|model)"
MANY_EN = "(?:ai|llms?|language models?|chat-?bots?|assistants?)(?: (?:models?|agents?|assistants?))?"
RULES_RU = (
    "(?:инструкци\\w+|указани\\w+|правил\\w*|промпт\\w*|команд\\w*|сообщени\\w+|установк\\w+|контекст\\w*|задани\\w+)"
)
RULES_EN = "(?:instructions?|prompts?|rules|directives?|guidelines|commands?|messages?|context|tasks?)"
WHICH_RU = (
    "(?:все|всё|всех|любые|эти|свои|твои|предыдущ\\w+|прежни\\w+|прошл\\w+|данные тебе|вышеуказанн\\w+|системн\\w+)"
)
WHICH_EN = "(?:all|any|the|these|those|your|my|of|previous|prior|above|earlier|preceding|former|system|initial)"
ORDERS_RU = (
    "(?:напиши|ответь|отвечай|добавь|вставь|упомяни|не упоминай|переведи|игнорируй|скажи|выведи|сообщи|укажи|перескажи|"
    "похвали)"
)
ORDERS_EN = (
    "(?:write|answer|reply|respond|add|insert|mention|do not mention|translate|ignore|say|output|print|include|praise)"
)
SAID_RU = "(?:системн\\w+ (?:промпт|запрос|инструкц\\w+))"
ANSWERS_EN = "(?:answer|reply|response|summary|output)"

PHRASES: dict[str, tuple[str, ...]] = {
    "orders": (
        "\\b(?:игнорируй|проигнорируй|забудь|отбрось|отмени|не обращай внимания на|нарушь|не следуй)(?:те)? "
        f"(?:{WHICH_RU} ){{0,3}}{RULES_RU}\\b",
        "\\b(?:ignore|disregard|forget|override|bypass|do not follow|don[’']t follow) "
        f"(?:{WHICH_EN} ){{1,4}}{RULES_EN}\\b",
        "\\b(?:ignore|disregard|forget) (?:everything|all|anything) (?:above|before|prior|previously|you were told)",
        "\\b(?:забудь|игнорируй)(?:те)? (?:всё|все),? (?:что )?"
        "(?:выше|раньше|до этого|тебе (?:говорили|сказали|велели))",
        f"(?:^|\\n)\\W{{0,20}}(?:новые|new) (?:{RULES_RU}|{RULES_EN}) ?:",
        "\\b(?:выполняй|следуй) (?:только )?(?:этим|моим|следующим|новым) (?:инструкциям|указаниям|командам)",
        "\\bfollow (?:only )?(?:these|my|the following|the new) (?:new )?instructions (?:instead|only|exactly)",
        f"\\b(?:покажи|выведи|раскрой|напечатай|повтори) (?:мне )?(?:свой |весь )?{SAID_RU}",
        "\\b(?:reveal|print|show|repeat|output|leak) (?:me )?(?:the |your )?(?:system prompt|initial instructions)",
    ),
    "answer": (
        "\\b(?:ответь|отвечай|выведи|верни) (?:мне )?(?:только|лишь|строго|исключительно) (?:одн\\w+ )?"
        '(?:слов\\w+|фраз\\w+|json|текст\\w*|числ\\w+|цифр\\w+|[«"“]|так\\b|в формате|на английском|на русском)',
        "\\b(?:answer|reply|respond|output) (?:only (?:with|in)|with only|exactly|strictly (?:with|in))\\b",
        "\\b(?:в|к) (?:сво[её]м?у?|тво[её]м?у?) (?:ответ\\w*|заметк\\w+|пересказ\\w*|текст\\w*) (?:обязательно )?"
        "(?:добавь|вставь|упомяни|укажи|напиши)",
        f"\\b(?:in|to|into) your {ANSWERS_EN},? (?:always |also )?(?:add|insert|mention|include|say|write)",
        "\\b(?:include|mention|add|insert) (?:this|the following) (?:link|text|phrase|sentence|url) "
        f"(?:in|to|into) (?:your|the) {ANSWERS_EN}",
    ),
    "role": (
        "\\b(?:ты теперь|теперь ты|отныне ты|ты больше не|представь,? что ты|притворись|веди себя как|действуй как) "
        f"[^.!?\\n]{{0,30}}?\\b(?:{MODEL_RU}|редактор|переводчик|dan)\\b",
        "\\b(?:you are now|from now on,? you are|pretend (?:to be|you are)|act as|you are no longer) "
        f"[^.!?\\n]{{0,30}}?\\b(?:{MODEL_EN}|dan|developer mode|unrestricted)\\b",
        "<\\|? ?(?:im_start|im_end|system|assistant|endoftext|eot_id|start_header_id) ?\\|?>|\\[/?INST\\]|<</?SYS>>",
        "(?:^|\\n)[\\s#]{0,20}(?:system|assistant|developer) ?(?:prompt|message)? ?: ?\\S",
    ),
    "fence": ("< ?/? ?(?:source|draft)\\b[^>\\n]{0,80}>",),
    "model": (
        f"\\b(?:если (?:ты|вы) ?[—–-]? ?{MODEL_RU}|внимание ?[,:—–-] ?{SURELY_RU}|"
        f"(?:сообщение|указание|инструкция|команда) для {SURELY_RU})\\b",
        f"\\bif you are an? (?:\\w+ )?{MODEL_EN}\\b",
        f"\\b(?:attention|note|message|instructions?) (?:to|for) (?:the |any |all )?{MANY_EN}\\b",
        f'(?:^|[\\n.!?»"]) ?{MODEL_RU} ?[,:—–-] ?(?:пожалуйста,? )?{ORDERS_RU}\\b',
        f'(?:^|[\\n.!?"]) ?(?:dear )?{MODEL_EN} ?[,:—–-] ?(?:please,? )?{ORDERS_EN}\\b',
    ),
    "encoded": ("\\b(?:раскодируй|декодируй|расшифруй|decode) [^.!?\\n]{0,40}?\\b(?:base64|rot13|hex)\\b",),
}


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern in which a blank stands for any blanks; one that may be missing for none too."""
    return re.compile(pattern.replace(" ?", "\\s*").replace(" ", "\\s+"), re.IGNORECASE)


COMPILED = tuple((why, compiled(pattern)) for why, patterns in PHRASES.items() for pattern in patterns)
