"""The words for "answer", "therefore" and "check" in languages other than English.

Sentences are read in Spanish, French, German, Portuguese, Italian, Russian, Chinese, Japanese and Korean. In Dutch, Polish,
Turkish, Swedish, Romanian, Finnish, Ukrainian, Czech, Arabic, Hindi, Vietnamese and Indonesian at least the answer line is.
"""

import re

# "-" stands for a space inside one entry: "đáp-án" is the two words "đáp án".
ANSWER = re.findall(
    r"[^\s-]+(?:-\w+)?",
    "respuesta resultado solución réponse résultat antwort endergebnis ergebnis lösung resposta solução risposta risultato"
    " soluzione ответ результат 答案 答え 答 解答 回答 结果 結果 정답 답"
    " antwoord uitkomst resultaat odpowiedź wynik cevap sonuç yanıt svar svaret răspuns vastaus відповідь odpověď"
    " الإجابة الجواب النتيجة उत्तर جواب đáp-án đáp-số jawaban",
)
_LATIN = "|".join(word.replace("-", " ") for word in ANSWER if word[0] < "\u3000")
_CJK = "|".join(word for word in ANSWER if word[0] >= "\u3000")
# Words before the word for answer: "la", "mon", "最终".
_FINAL = (
    r"(?:(?:la|le|el|die|das|der|a|o|il|l'|mon|mi|unsere|окончательный|итоговый|правильный"
    r"|最终|最終的な|最終|最后|正确|최종)\s*)*"
)
# Words after it: "final", "es", "lautet".
_QUALIFIED = r"(?:\s+(?:final|finale|correcta?|correta|corretta|lautet|es|est|ist|é|è|равен|равно|-))*"

LINE = rf"^\W*{_FINAL}(?:(?:{_LATIN})\b{_QUALIFIED}|(?:{_CJK})\s*(?:是|为|為|は|은|는)?)\s*[:=]\s*(?P<claim>\S.*)$"
"""A line that begins with the word for answer and a colon: "Respuesta final: 12", "答案:12"."""
ANSWER_IS = (
    rf"\b(?:{_LATIN})\b[^.:\n]{{0,60}}?(?:\b(?:es|est|ist|is|to|är|er|là|है|هي|هو|lautet|beträgt|é|è|sono|sind|son|равен|равно|составляет)\b|:|=|\s-\s)"
    rf"|(?:{_CJK})[^.:\n]{{0,20}}?(?:应为|應為|等于|是|为|為|は|은|는|:|=)"
)
"""A sentence that says what the answer is; the claim follows: "La respuesta es 12", "答案是12"."""
# Words for "therefore", "in total" and "finally", one language a line.
_CONCLUDING_LATIN = (
    "por (?:lo )?tanto|por consiguiente|así que|entonces|en total|en conclusión|en resumen|finalmente|luego"
    "|donc|ainsi|par conséquent|au total|en conclusion|finalement|alors"
    "|also|daher|somit|deshalb|folglich|insgesamt|demnach|damit|schließlich"
    "|portanto|logo|assim|então|ao todo|no total|ao final"
    "|quindi|pertanto|dunque|perciò|in totale|allora|in conclusione"
    "|dus|daarom|in totaal|zatem|więc|razem|bu nedenle|dolayısıyla|toplam|alltså|därför"
    "|следовательно|таким образом|итак|поэтому|значит|всего"
)
_CONCLUDING_CJK = "所以|因此|综上|综上所述|故|总共|一共|したがって|従って|よって|ゆえに|だから|つまり|따라서|그러므로|그래서"
# At the beginning of a sentence or after a comma: "Por lo tanto", "3 * 4 = 12, donc", "所以".
CONCLUSION = (
    rf"^\W*(?:(?:{_CONCLUDING_LATIN})\b|(?:{_CONCLUDING_CJK}))|[,.;]\s(?:{_CONCLUDING_LATIN})\b|[,.;]\s*(?:{_CONCLUDING_CJK})"
)
# Parts of the words above, to find out quickly whether one occurs.
CONCLUSION_WORDS = (
    "por tanto así que entonces conclu resum final luego donc ainsi conséquent total alors also daher somit deshalb folglich"
    " insgesamt demnach damit schließlich portanto logo assim então todo quindi pertanto dunque perciò allora"
    " dus daarom totaal zatem więc razem nedenle dolayısıyla toplam alltså därför"
    " следовательно образом итак"
    " поэтому значит всего 所以 因此 综上 故 共 したがって 従って よって ゆえに だから つまり 따라서 그러므로 그래서"
)
CHECKING = (
    r"(?:(?:como|para|zur|als|pour|per|come|для) )?"
    r"(?:comprobaci[oó]n|comprobamos|comprobar|comprobemos|verificaci[oó]n|verificamos|verifiquemos"
    r"|vérification|vérifions|vérifier|probe\b|überprüfung"
    r"|überprüfen|kontrolle|prüfung|verificação|verificando|verificar|conferir|conferindo|conferência|prova\b|prova dos"
    r"|verifica(?:re)?\b|verifichiamo|controllo"
    r"|controle|sprawdzenie|kontrol|sağlama|kontroll?"
    r"|проверк[аи]|проверим|检验|检查|验算|验证|檢驗|驗算|検算|確認|検証|確かめ|검산|확인)"
)
"""The beginning of a closing section that only checks: "Verificación:", "Zur Probe", "検算"."""
# Parts of the words above, to find out quickly whether one occurs.
CHECKING_WORDS = (
    "comprob verif vérif probe kontrol confer prova control überpr prüfung sprawdz sağlama провер"
    " 检验 检查 验算 验证 檢驗 驗算 検算 確認 検証 確かめ 검산 확인"
)
# "Explicación:", "Begründung:", "理由:".
EXPLAINING = (
    r"explicaci[oó]n|explication|justification|voici pourquoi|begründung|erklärung|explicação|justificativa|spiegazione"
    r"|ecco perch[eé]|объяснение|пояснение|理由|解释|解釋|说明|説明|설명|이유"
)
EXPLAINING_WORDS = "explica justific voici pourquoi begründ erklär spiega ecco объясн поясн 理由 解释 解釋 说明 説明 설명 이유"
# "En effet, 36 + 14 = 50".
INDEED = "en effet|infatti|en efecto|de fato|efectivamente|tatsächlich|действительно"
INDEED_WORDS = "effet infatti efect fato tatsächlich действит"
# "No se puede determinar", "lässt sich nicht bestimmen", "无法确定".
GIVES_UP = (
    r"no se puede (?:determinar|saber)|imposible (?:de )?(?:determinar|saber)|impossible (?:de|à) (?:déterminer|savoir)"
    r"|on ne peut pas (?:déterminer|savoir)|(?:lässt|kann) (?:sich |man )?[^.]{0,30}nicht (?:bestimm|berechn|sagen)"
    r"|não é possível (?:determinar|saber)|non è possibile (?:determinare|sapere)|невозможно (?:определить|узнать)"
    r"|нельзя определить|无法确定|不能确定|无法计算|判断できません|求められません|알 수 없"
)

STATES = (
    "es|è|é|son|hay|tiene|paga|da|dan|est|sont|donne|donnent|ist|sind|gibt|geben|ergibt|kostet|beträgt|são|custa"
    "|cuesta|coûte|sono|danno|quedan?|sobran?|sobram|restan|restam|restano|rimangono|restent|reste|bleiben|bleibt|осталось|равен|равна|равно"
)
"""Verbs that state the value after them: "es" 12, "kostet" 12."""
STATES_CJK = re.compile(r"(?:[是为為剩は]|剩下|等于|等於)\s?$")
# What is left: "restano" 62, "还剩" 62.
LEAVES = (
    r"\b(?:quedan?|sobran?|sobram|restan|restam|restano|rimangono|restent|reste|bleiben|bleibt|осталось|остаётся|остается)\b"
    "|剩下?|残りは"
)
# "That is": "es decir", "das heißt".
THAT_IS = r"es decir|c'est-à-dire|das heißt|ossia|cioè|ou seja|то есть"
# "So": "así que", "donc".
LEADS_TO = "así que|donc|damit|quindi|значит"
BEFORE_RESTATED = (
    "für|pro|je|der|den|die|nach|mit|bei|von|los|las|les|des|aux|pour|por|en|cada|chaque|para|après|después|dopo|após|dos|das|dei"
    "|delle|gli|из|за|по|для|после|через"
)
"""Prepositions and articles; the number after them is mostly given in the question: "für" 3 "Tage", "después de" 3."""
