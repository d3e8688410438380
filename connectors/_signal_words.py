"""What people write when they complain, threaten, leave, promise: our own phrases, by what they are a sign of.

A phrase is a regular expression in RE2's syntax over lower-case text with single spaces and straight quotes. Its
number is its place in its list and is kept with every hit, so new phrases go to the end. What they find may be
wrong, so it raises a review and decides nothing.

How often they are right was judged by reading every hit, or thirty drawn at random, in public texts: 2,018 tweets
between customers and brands, 1,960 complaints to a regulator, 10,003 questions to a bank, and 1,400 mails of lists.
What was written to the regulator is a complaint anyhow and did not count for that signal; German was not judged.
The phrases were mended on the same texts, so a firm's own mail may well show less; its review queue measures that.
Promissory words were right in 12 of 15 hits in junk mail, which says nothing about a firm's, and legal threats in
7 of 8: too few. They, gifts, other channels and outside activities count as not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final, Literal, NamedTuple


class Signal(NamedTuple):
    """One kind of sign. `said_by`: whose messages it is looked for in. `right` of `judged`: how many hits were what
    they seemed when read one by one; with fewer than 20 hits nothing is said, then both are 0."""

    name: str
    said_by: Literal["inbound", "outbound"]
    right: int
    judged: int
    phrases: Sequence[str]

    @property
    def precision(self) -> str:
        """The measured precision in words."""
        return f"{self.right} of {self.judged} hits right" if self.judged else "not measured"

    @property
    def confidence(self) -> float:
        """How sure a hit is, 0 to 1: the lower end of the 95 % Wilson interval of what was measured, else half."""
        if not self.judged:
            return 0.5
        n, share, z2 = self.judged, self.right / self.judged, 1.96**2
        spread = 1.96 * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        return round((share + z2 / (2 * n) - spread) / (1 + z2 / n), 2)


_WE_WILL: Final = (
    r"\b(?:i'll|i will|we'll|we will|i'm|i am|we're|going to|but to|is to|have to|considering|about to) ")
COMPLAINT: Final = Signal("complaint", "inbound", 58, 67, (
    r"\b(?:fil(?:e|ing)|mak(?:e|ing)|lodg(?:e|ing)|rais(?:e|ing)) (?:a|an|another|my|this) "
    r"(?:formal |official )?complaint\b",
    r"\b(?:want|like|need|have|wish|going) to complain\b",
    r"\bi am complaining\b|\bi'm complaining\b|\bmy complaint\b",
    r"\b(?:terrible|horrible|awful|appalling|atrocious|abysmal|disgraceful|shocking|worst|pathetic|dreadful) "
    r"(?:customer )?(?:service|support|experience|company|airline|bank|product|quality|care)\b",
    r"\bworst (?:\w+ ){0,3}(?:ever|i have|i've|in the world)\b",
    r"\b(?:poor|bad|shoddy|lousy|crap|crappy|shit|shitty|rubbish|useless) (?:customer )?(?:service|support|care)\b",
    r"\b(?:service|support|app|product|website) is (?:so |really |absolutely |just )?"
    r"(?:terrible|horrible|awful|appalling|a joke|a disgrace|useless|rubbish|pathetic|garbage|trash|shocking)\b",
    r"\b(?:i am|i'm|we are|we're|am|very|so|extremely|really|deeply|totally) "
    r"(?:dissatisfied|unhappy|disappointed|disgusted|appalled|fed up|furious|outraged|frustrated)\b",
    r"\b(?:is|are|was|it's|that's|this is) (?:totally |completely |simply |just |absolutely )?"
    r"(?:unacceptable|outrageous|ridiculous|disgraceful|a disgrace|appalling)\b",
    r"\b(?:sick|tired) of (?:you|your (?:company|service|support)|this|waiting|calling|being|the)\b",
    r"\bstill (?:waiting (?:for|on) (?:you\b|someone|somebody|anyone|them to|an? (?:reply|response|answer|"
    r"call|explanation))|"
    r"haven't heard|have not heard|not (?:been fixed|fixed|been resolved|resolved)|no (?:answer|reply|"
    r"response|refund))\b",
    r"\b(?:nobody|no one|noone) (?:\w+ )?(?:answer|repli|reply|respond|care|help|call)(?:s|es|ed)?\b",
    r"\b(?:third|fourth|fifth|3rd|4th|5th|tenth|10th) time (?:i|we|this|in|that)\b",
    r"\b(?:wasted|wasting|waste of) (?:my|our) (?:\w+ )?(?:time|money|hours|day|morning|afternoon|life)\b",
    r"\b(?:overcharged|you charged (?:me|us) twice|wrongly charged|charged for something)\b",
    r"\bwant (?:my|our) (?:\w+ )?(?:money|refund)(?: back)?\b|\bwant (?:a full refund|compensation)\b",
    r"\b(?:how is this|is this how|how can you|why do you) (?:\w+ ){0,3}(?:acceptable|treat)\b",
    r"\b(?:not|isn't|never) (?:good enough|acceptable)\b",
    r"\b(?:you|they|has|have|totally|really|badly|been) let (?:me |us |your customers )?down\b",
    r"\b(?:beschwerde|beschweren|reklamation|reklamieren)\b",
    r"\b(?:sehr|total|mehr als|äußerst) (?:unzufrieden|enttäuscht|verärgert)\b|"
    r"\b(?:unverschämtheit|frechheit|inakzeptabel)\b",
    r"\bwarte (?:immer noch|seit (?:wochen|tagen|monaten))\b|"
    r"\bimmer noch (?:keine antwort|nicht (?:erhalten|bekommen|geliefert))\b",
))
LEGAL_THREAT: Final = Signal("legal_threat", "inbound", 0, 0, (
    r"\b(?:hear|hearing|letter|contacted) (?:from|by) (?:my|our) (?:lawyer|attorney|solicitor)s?\b",
    _WE_WILL + r"(?:\w+ ){0,2}(?:contact|call|consult|speak to|talk to|go to|involve|see) "
    r"(?:a|an|my|our) (?:lawyer|attorney|solicitor)s?\b",
    _WE_WILL + r"(?:\w+ ){0,2}(?:hire|hiring|retain|retaining|engage) (?:a|an|my) (?:lawyer|attorney|solicitor)\b",
    r"\b(?:i|we|i'll|we'll|i'm|we're) (?:will |am |are |have to |going to |\w+ing to ){0,2}(?:take|taking|"
    r"pursue|pursuing|seek|seeking|consider|considering|"
    r"bring|start) (?:\w+ ){0,2}legal (?:action|advice|proceedings|steps|remedies)\b",
    r"\b(?:i will|i'll|we will|we'll|going to|gonna|ready to|prepared to) sue\b|\b(?:suing|sue) (?:you|your|u)\b",
    r"\b(?:see you|take you|taking you|meet you) (?:in|to) court\b|"
    r"\b(?:take|taking|go|going|you|agency) (?:\w+ ){0,3}to small claims\b",
    r"\b(?:join|joining|file|filing|start|starting) (?:a|the) class[ -]action\b",
    r"\b(?:i'll|i will|we'll|we will|going to|am|i'm) (?:be )?(?:report|reporting|complain|complaining) "
    r"(?:\w+ ){0,4}(?:to|with) (?:the |my )?(?:\w+ )?(?:ombudsman|regulator|cfpb|fca|bbb|better business "
    r"bureau|ftc|"
    r"attorney general|trading standards)\b",
    r"\b(?:rechtsanwalt|rechtliche schritte|anwalt einschalten|verklagen|klage einreichen|schlichtungsstelle|"
    r"verbraucherzentrale)\b",
))
OPT_OUT: Final = Signal("opt_out", "inbound", 23, 27, (
    r"\bunsubscribe (?:me|us|my|this (?:e-?mail|address|number))\b|"
    r"\b(?:want|like|trying|tried|how) to unsubscribe\b",
    r"\b(?:take|remove|delete) (?:me|us|my (?:name|e-?mail|address|number|details|e-?mail address)|"
    r"this (?:e-?mail|address|number)) (?:off|from|out of) (?:\w+ ){0,4}"
    r"(?:lists?|mailings?|database|distribution|newsletters?|e-?mails?|campaigns?|calls?)\b",
    r"\b(?:stop|quit) (?:e-?mailing|mailing|texting|spamming|messaging|contacting|calling|harassing) "
    r"(?:me|us|my|this)\b|"
    r"\b(?:stop|quit) sending (?:me|us)\b",
    r"\b(?:do not|don't|dont|never) (?:send|e-?mail|mail|text|spam|contact|call) (?:me|us)\b",
    r"\b(?:no longer|don't|do not) (?:want|wish|need) (?:to (?:receive|get)|any more|your) (?:\w+ ){0,4}"
    r"(?:e-?mails|mails|messages|texts|calls|newsletters?|spam)\b",
    r"\b(?:want to|like to|wish to|i) opt[ -]out\b|\bopt me out\b|\bopting out of\b",
    r"\bwithdraw (?:my|our) consent\b",
    r"\b(?:object|objection) to (?:\w+ ){0,4}(?:direct )?marketing\b",
    r"\b(?:mich|newsletter) (?:bitte )?(?:abmelden|abbestellen)\b|\bbitte abmelden\b",
    r"\bkeine (?:weiteren |weitere )?(?:werbung|werbe-?mails|newsletter|anrufe)(?: mehr)?\b",
    r"\bwiderspreche (?:ich )?(?:der|jeder|hiermit)\b",
))
CHURN: Final = Signal("churn", "inbound", 50, 57, (
    r"\b(?:i|we|i'm|i'll|i've|we'll|we've|i'd|please|thinking about|considering) (?:\w+ ){0,3}"
    r"(?:cancel|cancell?ing|cancell?ed|terminat(?:e|ing|ed)|clos(?:e|ing|ed)|end|ending) (?:my|our|all "
    r"my) (?:\w+ )?"
    r"(?:accounts?|contracts?|subscription|membership|policy|service|plan|lines?)\b",
    r"\b(?:i|we|i'm|i'll|i've|we'll|we've|we're|to) (?:\w+ ){0,2}(?:switch|switching|switched|move|moving|moved) "
    r"(?:over )?to (?:a |another |your )?(?:competitor|other (?:provider|company|carrier|bank)|"
    r"different (?:provider|company|carrier|bank)|new (?:provider|carrier|bank))\b",
    r"\btak(?:e|ing) (?:my|our) (?:business|money|custom) (?:elsewhere|somewhere else)\b",
    r"\b(?:never|not|won't) (?:be )?(?:us(?:e|ing)|buy(?:ing)?|fly(?:ing)?|shop(?:ping)?|order(?:ing)?|"
    r"stay(?:ing)?|"
    r"deal(?:ing)?|do(?:ing)? business)(?: \w+){0,3} (?:again|ever again)\b",
    r"\b(?:lost|losing|lose) (?:(?:a |another |this )(?:\w+ )?customer|me as a (?:\w+ )?customer)\b",
    r"\b(?:looking|look|shopping|searching) (?:around )?for (?:a|another|an) (?:\w+ )?(?:alternative|"
    r"provider|supplier|"
    r"carrier|bank|vendor)\b",
    r"\b(?:i'm|i am|we're|we are|i'll be|will be) (?:leaving|ditching|dropping|quitting|done with) (?:you|"
    r"your|u)\b",
    r"\b(?:won't|will not|not going to|decided not to|don't want to) (?:be )?renew(?:ing)?\b",
    r"\b(?:kündige|kündigen|kündigung)\b|"
    r"\b(?:wechsle|wechseln|wechsel) (?:ich |wir )?(?:jetzt )?(?:zu|zur|den anbieter)\b",
))
PROMISSORY: Final = Signal("promissory", "outbound", 0, 0, (
    r"\bguarantee(?:d|s)? (?:\w+ ){0,3}(?:returns?|profits?|income|yield|gains?|results)\b",
    r"\b(?:returns?|profits?|income|yield|gains) (?:is|are) (?:\w+ )?guaranteed\b",
    r"\b(?:investment|investing|return|profit|money|deal|transaction|opportunity|fund|business)s?\W+(?:\w+\W+){0,5}"
    r"(?:(?:no|zero|without(?: any)?) risk|risk[ -]free)\b",
    r"\b(?:risk[ -]free|no[ -]risk) (?:investment|return|profit|transaction|deal|opportunity|income|way to)s?\b",
    r"\b(?:can't|cannot|can not|won't|will not|never|impossible to) (?:lose|loose) (?:\w+ ){0,2}"
    r"(?:money|capital|investment)\b",
    r"\b(?:will|going to|certain to|sure to|bound to) (?:double|triple|outperform|beat the market|earn you|"
    r"make you (?:\w+ )?(?:money|rich))\b",
    r"\b(?:double|triple) your (?:money|investment|income|savings)\b",
    r"\b(?:sure bet|safe bet|can't miss|cannot miss) (?:\w+ )?(?:investment|stock|deal|opportunity)\b",
    r"\b(?:i|we) (?:personally )?(?:guarantee|promise) (?:you )?(?:\w+ ){0,3}(?:returns?|profits?|income|"
    r"gains?|results|"
    r"percent|\d+ ?%)",
    r"\bmake up (?:for )?(?:your|any) loss(?:es)?\b|\bcover (?:your|any) loss(?:es)?\b",
    r"\bgarantierte? (?:rendite|gewinn|ertrag|verzinsung)\b|\b(?:anlage|rendite) (?:\w+ ){0,3}ohne "
    r"(?:jedes )?risiko\b",
))
GIFT: Final = Signal("gift", "outbound", 0, 0, (
    r"\b(?:sent|sending|send|bring|bringing|brought|got|have) you (?:a |an |some |this )?(?:small |little |nice )?"
    r"(?:gift|present|hamper|bottle|case of|voucher|gift card)\b",
    r"\b(?:gift|present|voucher|gift card|hamper) (?:for you|from us|as a thank|on its way)\b",
    r"\b(?:tickets|seats) (?:to|for) the (?:game|match|concert|theatre|theater|opera|final|finals|race|show)\b",
    r"\b(?:be|as) our guest\b|\bour treat\b|\b(?:dinner|lunch) is on (?:us|me)\b",
    r"\b(?:pay|paid|cover|covering) (?:for )?your (?:flight|flights|hotel|travel|trip|stay|dinner)\b",
    r"\b(?:geschenk|aufmerksamkeit|gutschein) für (?:sie|dich)\b",
))
OFF_CHANNEL: Final = Signal("off_channel", "outbound", 0, 0, (
    r"\b(?:whatsapp|wechat|telegram|imessage|snapchat|viber) me\b",
    r"\b(?:text|message|msg|ping|reach|contact|write|call|find|hit) me (?:up )?(?:on|over|via|through|at|"
    r"by) (?:my )?"
    r"(?:whatsapp|wechat|telegram|signal|imessage|personal|private|cell|gmail|home)\b",
    r"\b(?:take|move|continue|switch|discuss|talk|do) (?:this|it|that|our (?:chat|conversation)) "
    r"(?:over |off |out |about )?(?:to|on|via|over) (?:whatsapp|wechat|telegram|signal|imessage|text|my "
    r"personal|personal|private)\b",
    r"\b(?:take|move|keep) (?:this|it|that) (?:offline|off the record|off line|off e-?mail)\b",
    r"\bmy (?:personal|private|home|gmail|hotmail|yahoo) (?:e-?mail|number|cell|phone|mobile)\b",
    r"\b(?:don't|do not|rather not|better not|not) (?:put|write|discuss|say|mention) (?:this|that|it|anything) "
    r"(?:\w+ ){0,2}(?:in (?:an )?e-?mail|in writing|on e-?mail|over e-?mail)\b",
    r"\b(?:delete|destroy) (?:this|that) (?:e-?mail|message|chat|text|thread) (?:after|once|when) you\b",
    r"\b(?:per|über|auf|via) (?:whatsapp|telegram|threema)\b|\bmeine private (?:nummer|e-?mail|adresse)\b",
))
OUTSIDE_ACTIVITY: Final = Signal("outside_activity", "outbound", 0, 0, (
    r"\bmy (?:side (?:business|project|job|gig|hustle)|other (?:company|business|job)|"
    r"own (?:company|business|startup|fund|firm|consultancy))\b",
    r"\b(?:i am|i'm|i was|i've been) (?:also )?(?:a |the |on the )?(?:board member|board of|director of|advisor to|"
    r"adviser to|partner in|treasurer of|trustee of)\b",
    r"\b(?:i|i've|i have) (?:started|founded|launched|incorporated|registered|set up) (?:a|an|my) (?:\w+ )?"
    r"(?:company|business|llc|startup|fund|consultancy|practice)\b",
    r"\b(?:invest|investing|investment|put money|stake) in my (?:company|business|startup|fund|project|venture)\b",
    r"\b(?:i'm|i am|i do|i've been) (?:moonlighting|freelancing|freelance work|consulting on the side)\b",
    r"\bmein(?:e|em|er)? (?:nebenjob|nebentätigkeit|nebengewerbe|eigene firma)\b",
))
SIGNALS: Final = (COMPLAINT, LEGAL_THREAT, OPT_OUT, CHURN, PROMISSORY, GIFT, OFF_CHANNEL, OUTSIDE_ACTIVITY)
