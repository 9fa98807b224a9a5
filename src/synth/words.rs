//! Scripts, and a vocabulary of made-up words for each.
//!
//! In: a script. Out: [`WORDS`] distinct words built from its syllables, ordered from common and short to rare and long.
//! Always: the same words, whatever the seed of the corpus; no word holds a space, a quotation mark, a backslash or a
//! control character.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::rng::{Purpose, Rng};

/// Words in each vocabulary.
pub(super) const WORDS: u64 = 20_000;

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Script {
    /// Sounds like English; ASCII only.
    Latin,
    /// Sounds like Russian.
    Cyrillic,
    /// Written from right to left.
    Arabic,
    /// Consonants with vowel signs; sentences end with a danda, "।".
    Devanagari,
    /// Korean syllables, with spaces between words.
    Hangul,
    /// Chinese characters without spaces; sentences end with "。".
    Han,
    /// No spaces between words and no full stop: a space stands between sentences.
    Thai,
}

impl Script {
    /// All scripts.
    pub const ALL: [Script; 7] = [
        Script::Latin,
        Script::Cyrillic,
        Script::Arabic,
        Script::Devanagari,
        Script::Hangul,
        Script::Han,
        Script::Thai,
    ];

    /// The word for it in options.
    pub fn name(self) -> &'static str {
        match self {
            Script::Latin => "latin",
            Script::Cyrillic => "cyrillic",
            Script::Arabic => "arabic",
            Script::Devanagari => "devanagari",
            Script::Hangul => "hangul",
            Script::Han => "han",
            Script::Thai => "thai",
        }
    }

    /// How sentences are put together.
    pub(super) fn spelling(self) -> Spelling {
        match self {
            Script::Devanagari => Spelling { space: " ", stop: "।", gap: " " },
            Script::Han => Spelling { space: "", stop: "。", gap: "" },
            Script::Thai => Spelling { space: "", stop: "", gap: " " },
            _ => Spelling { space: " ", stop: ".", gap: " " },
        }
    }

    /// The slots of a syllable, each with the letters that may fill it; "-" is nothing.
    fn syllable(self) -> &'static [&'static str] {
        match self {
            Script::Latin => &[
                "- b c d f g h j k l m n p r s t v w b d f l m n r s t br ch cl cr dr fl fr gr pl pr sh sl sp st th tr",
                "a e i o u a e i o ai ea ee ie oa oo ou",
                "- - - - n r s t l m nd ng nt rd rk st ck ll",
            ],
            Script::Cyrillic => &[
                "- б в г д ж з к л м н п р с т ф х ц ч ш бр вр гр др кр пр ст тр",
                "а е и о у а е и о ы я ю",
                "- - - - н р с т л м й к в ст",
            ],
            Script::Arabic => {
                &["ا ب ت ث ج ح خ د ذ ر ز س ش ص ض ط ع غ ف ق ك ل م ن ه و ي", "- - ا و ي", "- - - ر ل م ن د ب ت س"]
            }
            Script::Devanagari => &[
                "क ख ग घ च छ ज ट ड त थ द ध न प फ ब भ म य र ल व श स ह",
                "- - \u{93e} \u{93f} \u{940} \u{941} \u{942} \u{947} \u{94b}",
                "- - - न र ल म त क",
            ],
            Script::Hangul => &[
                "가 나 다 라 마 바 사 아 자 차 카 타 파 하 고 노 도 로 모 보 소 오 조 초 코 토 포 호 구 누 두 루 무 부 수 우 주 추 \
                 기 니 디 리 미 비 시 이 지 치 히 게 네 데 레 메 세 에 제 대 내 래 매 배 새 애 재 해 강 남 당 람 방 산 상 안 \
                 양 장 전 정 선 성 연 영 원 은 을 인 일 점 중 진 한 향 회 현 형 화 환",
            ],
            Script::Han => &[
                "一 是 不 了 人 我 在 有 他 这 为 之 大 来 以 个 中 上 们 到 说 国 和 地 也 子 时 道 出 而 要 于 就 下 得 可 你 年 生 \
                 自 会 那 后 能 对 着 事 其 里 所 去 行 过 家 十 用 发 天 如 然 作 方 成 者 多 日 都 三 小 军 二 无 同 么 经 法 当 \
                 起 与 好 看 学 进 种 将 还 分 此 心 前 面 又 定 见 只 主 没 公 从 明 本 新 长 水 开 现 已 山 力 理 民 部 高 业 意 \
                 金 手 老 情 工 位 使 重 文 物 体 世 通 间 门 市 海 美 东 西 相 色 声 气 动 马 路 花 树 星 光 雨 风 火 土 石 田 村 \
                 城 河 江 湖 林 木 草 鸟 鱼 虫 车 船 桥 书 画 歌 语 言 字 词 句 教 师 医 院 校 室 房 屋 窗 床 桌 椅 灯 电 话 机 器 \
                 春 夏 秋 冬 早 晚 夜 昨 今 周 月 节 岁 父 母 兄 弟 姐 妹 朋 友 儿 女 男 王 李 张 刘 陈 杨 黄 赵 吴 红 白 黑 蓝",
            ],
            Script::Thai => &[
                "- - - - เ แ โ ไ",
                "ก ข ค ง จ ช ซ ด ต ท น บ ป ผ พ ฟ ม ย ร ล ว ส ห อ",
                "- \u{e31} \u{e34} \u{e35} \u{e38} \u{e39} \u{e48} \u{e49} า",
                "- - น ม ง ก บ ด ย ว",
            ],
        }
    }

    /// Syllables that the word of a rank has at least.
    fn syllables(self, rank: u64) -> usize {
        match self {
            Script::Han => 1 + usize::from(rank >= 40),
            // Shorter: a run of five characters, which count as tokens, should cross from word to word.
            Script::Thai => 1 + usize::from(rank >= 4000),
            _ => 1 + usize::from(rank >= 40) + usize::from(rank >= 4000),
        }
    }
}

/// What stands between words and sentences.
pub(super) struct Spelling {
    /// Between two words of a sentence.
    pub(super) space: &'static str,
    /// After the last word of a sentence.
    pub(super) stop: &'static str,
    /// Between two sentences of a paragraph.
    pub(super) gap: &'static str,
}

/// The words of one script, from common to rare.
pub(super) struct Vocabulary {
    /// All words, one after the other.
    text: String,
    /// Where each word starts; one more than there are words.
    starts: Vec<u32>,
}

impl Vocabulary {
    /// The words of `script`; made when first asked for.
    pub(super) fn of(script: Script) -> &'static Vocabulary {
        static MADE: [OnceLock<Vocabulary>; Script::ALL.len()] = [const { OnceLock::new() }; Script::ALL.len()];
        MADE[script as usize].get_or_init(|| Vocabulary::new(script))
    }

    fn new(script: Script) -> Vocabulary {
        let slots: Vec<Vec<&str>> = script.syllable().iter().map(|slot| slot.split_whitespace().collect()).collect();
        let mut rng = Rng::new(0, Purpose::Vocabulary, script as u64);
        let mut seen = HashSet::new();
        let mut made = Vocabulary { text: String::new(), starts: vec![0] };
        for rank in 0..WORDS {
            let word = new_word(&slots, script.syllables(rank), &seen, &mut rng);
            made.text.push_str(&word);
            made.starts.push(made.text.len() as u32);
            seen.insert(word);
        }
        made
    }

    /// The word of a rank below [`WORDS`].
    pub(super) fn word(&self, rank: u16) -> &str {
        let rank = usize::from(rank);
        &self.text[self.starts[rank] as usize..self.starts[rank + 1] as usize]
    }

    /// Mean bytes of a word, every word counted once.
    pub(super) fn mean_len(&self) -> usize {
        self.text.len() / WORDS as usize
    }
}

/// A word of at least `syllables` that was not `seen`: it grows until it is new.
fn new_word(slots: &[Vec<&str>], syllables: usize, seen: &HashSet<String>, rng: &mut Rng) -> String {
    let mut word = String::new();
    let mut count = 0;
    while count < syllables || seen.contains(&word) {
        slots.iter().map(|slot| slot[rng.index(slot.len())]).filter(|&part| part != "-").for_each(|p| word.push_str(p));
        count += 1;
    }
    word
}

/// The rank of a word drawn as in natural text: nearly inverse to its frequency, as Zipf has it.
///
/// It is drawn evenly from the whole vocabulary, or its first half, quarter, …, 2048th, all twelve equally often.
pub(super) fn draw(rng: &mut Rng) -> u16 {
    let bits = rng.next();
    let halvings = ((bits & 0xffff) * 12) >> 16;
    (((bits >> 32) * (WORDS >> halvings)) >> 32) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_distinct_and_plain() {
        for script in Script::ALL {
            let vocabulary = Vocabulary::of(script);
            let words: HashSet<&str> = (0..WORDS).map(|rank| vocabulary.word(rank as u16)).collect();
            assert_eq!(words.len() as u64, WORDS, "{script:?}");
            let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"' && c != '\\';
            assert!(words.iter().all(|word| !word.is_empty() && word.chars().all(plain)), "{script:?}");
        }
    }

    #[test]
    fn common_words_are_common_and_all_words_occur() {
        let mut rng = Rng::new(1, Purpose::Text, 0);
        let mut counts = vec![0u32; WORDS as usize];
        (0..5_000_000).for_each(|_| counts[usize::from(draw(&mut rng))] += 1);
        let share = |ranks: std::ops::Range<usize>| counts[ranks].iter().sum::<u32>() / 50_000;
        assert!((14..=22).contains(&share(0..9)), "the nine commonest: {} %", share(0..9));
        assert!((55..=75).contains(&share(0..1000)), "the thousand commonest: {} %", share(0..1000));
        assert!(counts.iter().all(|&count| count > 0));
    }
}
